#include "control/doctor.h"
#include "control/methods.h"

namespace turnout {
namespace {

Json to_json(const Finding& finding) {
  return {{"severity", to_string(finding.severity)},
          {"code", finding.code},
          {"subject", finding.subject},
          {"meaning", finding.meaning},
          {"evidence", finding.evidence},
          {"remedy", finding.remedy}};
}

Json doctor(const DaemonView& daemon) {
  const Findings findings = diagnose(daemon);
  Json checked = Json::array(), rows = Json::array();
  for (const DoctorRoom& room : doctor_rooms()) checked.push_back(room.name);
  for (const Finding& finding : findings) rows.push_back(to_json(finding));
  return {{"severity", gravest(findings)}, {"checked", std::move(checked)}, {"findings", std::move(rows)}};
}

}  // namespace

void add_doctor_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("doctor", [&daemon](const Json& params) {
    allow_only(params, {});
    return doctor(daemon);
  });
}

}  // namespace turnout
