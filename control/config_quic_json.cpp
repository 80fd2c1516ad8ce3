#include "control/config_quic_json.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "dataplane/quic.h"

namespace turnout {

namespace {

int digit_of(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto at = kDigits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

QuicConfig read_quic(const ConfigReader& at) {
  QuicConfig quic;
  if (at.value().is_null() || !at.expect_object({"server_id_length", "config_id"})) return quic;
  if (const auto length = at.required_member("server_id_length", "octets of a server's ID")) {
    quic.id_length =
        static_cast<uint8_t>(length->integer(1, QuicTerms::kLongestId).value_or(QuicConfig::kUnread));
  }
  at.read_integer("config_id", 0, QuicTerms::kConfigurations - 1, quic.configuration);
  return quic;
}

void read_quic_id(const ConfigReader& at, std::string& id) {
  if (at.value() == "" || at.value().is_null()) return id.clear();
  const auto text = at.text();
  if (!text) return;
  const bool is_hex =
      text->size() % 2 == 0 && std::ranges::all_of(*text, [](char c) { return digit_of(c) >= 0; });
  if (!is_hex)
    return at.refuse_value("is not made of octets: write two hexadecimal digits for each, as in 0a01");
  for (size_t i = 0; i < text->size(); i += 2)
    id.push_back(static_cast<char>(digit_of((*text)[i]) << 4 | digit_of((*text)[i + 1])));
}

Json to_json(const QuicConfig& quic) {
  return {{"server_id_length", quic.id_length}, {"config_id", quic.configuration}};
}

std::string quic_id_text(const std::string& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char octet : id) {
    text += kDigits[static_cast<unsigned char>(octet) >> 4];
    text += kDigits[static_cast<unsigned char>(octet) & 0xF];
  }
  return text;
}

}  // namespace turnout
