#include "control/cli/import/document.h"

#include <ostream>

#include "control/cli/format.h"
#include "control/cli/import/placeholder.h"

namespace turnout::cli {
namespace {

constexpr size_t kOfServices = 4;  // columns that they are set in by

void print_ports(const Imported& imported, std::ostream& out) {
  const Json addresses = guess_director_addresses(imported.servers, imported.vips);
  out << "  // Yours: neither CPUs nor network ports can be known from that file. docs/operator-guide.md "
         "says how to\n"
         "  // fill them in, the examples in conf/ show it. The addresses are the director's own; these are "
         "only\n"
         "  // guessed from those of the real servers.\n"
         "  \"eal\": { \"lcores\": \"0-1\", \"args\": [] },\n"
         "  \"ports\": [\n"
         "    {\n"
         "      \"name\": \"lan\",\n"
         "      \"device\": \"0000:00:00.0\", // the NIC's PCI address, or a vdev's name\n"
         "      \"addresses\": "
      << pretty(addresses, 6) << "\n    }\n  ],\n";
}

void print_services(const Imported& imported, std::ostream& out) {
  out << "  \"services\": [";
  std::string separator = "\n";
  for (const Json& service : imported.services) {
    out << separator << "    " << pretty(service, kOfServices);
    separator = ",\n";
  }
  out << (imported.services.empty() ? "]\n" : "\n  ]\n");
}

}  // namespace

void print_document(const Imported& imported, const std::string& source, std::ostream& out) {
  out << "// Made by `turnoutctl import` from " << printable(source)
      << ". To check it: turnoutd --config FILE --check\n{\n";
  print_ports(imported, out);
  print_services(imported, out);
  out << "}\n";
}

}  // namespace turnout::cli
