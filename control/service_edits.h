// What the parameters of service.* and server.* make of a service. Nothing is put in force here. All of it
// throws RpcError, with pointers into the parameters.
#pragma once

#include <map>
#include <string>

#include "control/config_json.h"
#include "control/methods.h"

namespace turnout {

/// Where in the parameters a service and its real servers come from, as JSON pointers: for the errors that
/// the check of the whole configuration finds.
struct ServicePlaces {
  std::string service;
  std::map<IpAddress, std::string> servers;  // those that the parameters have
};

struct EditedService {
  ServiceConfig service;
  ServicePlaces places;
};

/// `index`: of the service in its configuration.
PointerPrefixes prefixes_of(size_t index, const ServiceConfig& service, const ServicePlaces& places);

/// Of service.edit and service.delete, whose parameters may be the service or {service: …}.
ServiceKey service_named(const Json& params);
/// Of server.add, server.edit and server.delete: {service: key, server: {address, …}}.
ServiceKey service_of_server(const Json& params);

EditedService new_service(const Json& params);
EditedService edit_service(const ServiceConfig& service, const Json& params);

EditedService add_server(const ServiceConfig& service, const Json& params);
EditedService edit_server(const ServiceConfig& service, const Json& params);
EditedService delete_server(const ServiceConfig& service, const Json& params);

/// The edits that leave all services there are, and change one of them.
struct ServiceEdit {
  ServiceKey (*key)(const Json& params);
  EditedService (*edit)(const ServiceConfig& service, const Json& params);
};
/// Null if `method` is none of them.
const ServiceEdit* find_service_edit(const std::string& method);

[[noreturn]] void refuse_unknown_service(const ServiceKey& key);

}  // namespace turnout
