#include "control/config_merge.h"

#include <functional>
#include <map>
#include <string_view>

#include "control/config_order.h"
#include "control/json_text.h"

namespace turnout {
namespace {

/// A part of the configuration as JSON → the same with every default filled in; null if it is not valid.
using Meaning = Json (*)(const Json& part);

template <typename T>
Json meaning(const Parsed<T>& parsed) {
  return parsed.value ? to_json(*parsed.value) : Json();
}

/// What can be read by itself: the objects in, or of, the members of these names.
Meaning meaning_of(std::string_view member) {
  if (member == "services") return [](const Json& part) { return meaning(parse_service(part)); };
  if (member == "real_servers" || member == "fallback")
    return [](const Json& part) { return meaning(parse_real_server(part)); };
  if (member == "filters") return [](const Json& part) { return meaning(parse_filter(part)); };
  if (member == "vips") return [](const Json& part) { return meaning(parse_vip(part)); };
  return nullptr;
}

/// Takes the members out of `object`, a part of `part`, that `stated` doesn't have and that go without
/// saying.
void leave_out_defaults(Json& object, const Json& stated, const Json& part, const Json& wanted,
                        Meaning means) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  for (const std::string& name : names) {
    if (name == "real_servers" || name == "fallback") continue;  // read by themselves
    const bool is_stated = stated.is_object() && stated.contains(name);
    if (object[name].is_object())
      leave_out_defaults(object[name], is_stated ? stated[name] : Json(), part, wanted, means);
    if (is_stated) continue;
    Json value = std::move(object[name]);
    object.erase(name);
    if (means(part) != wanted) object[name] = std::move(value);
  }
}

Json without_servers(Json part) {
  if (part.is_object() && part.contains("real_servers")) part["real_servers"] = Json::array();
  if (part.is_object()) part.erase("fallback");
  return part;
}

/// The servers of a service say nothing about its own members, and there may be many: they are left aside.
void leave_out_defaults(Json& merged, const Json& stated, const Json& wanted, Meaning means) {
  Json servers = merged.value("real_servers", Json()), fallback = merged.value("fallback", Json());
  Json bare = without_servers(merged);
  leave_out_defaults(bare, stated, bare, without_servers(wanted), means);
  if (!servers.is_null()) bare["real_servers"] = std::move(servers);
  if (!fallback.is_null()) bare["fallback"] = std::move(fallback);
  merged = std::move(bare);
}

/// What `merged` doesn't have of `wanted`.
void add_missing(Json& merged, const Json& wanted) {
  for (const auto& [name, value] : wanted.items()) {
    if (!merged.contains(name)) {
      merged[name] = value;
    } else if (merged[name].is_object()) {
      add_missing(merged[name], value);
    }
  }
}

/// A default may depend on a member that has changed (scheduler_flags on the scheduler): what went without
/// saying then has to be said, and the other way round.
void complete(Json& merged, const Json& stated, const Json& wanted, Meaning means) {
  if (means(merged) != wanted) add_missing(merged, wanted);
  if (means(merged) != wanted) merged = wanted;
  leave_out_defaults(merged, stated, wanted, means);
}

Json merge(std::string_view name, const Json& stated, const Json& meant, const Json& wanted);

/// `stated`, `meant`: element by element the same.
Json merge_lists(std::string_view name, const Json& stated, const Json& meant, const Json& wanted) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < meant.size(); ++i) places.emplace(identity_of(meant[i]), i);
  Json list = Json::array();
  for (const Json& each : wanted) {
    const auto place = places.find(identity_of(each));
    if (place == places.end()) {
      list.push_back(merge(name, Json(), Json(), each));
    } else {
      list.push_back(merge(name, stated[place->second], meant[place->second], each));
    }
  }
  return list;
}

/// "expect" and "expect_hex" are two ways to say one thing.
bool is_other_spelling(const std::string& name, const Json& meant, const Json& wanted) {
  constexpr std::string_view kHex = "_hex";
  if (!name.ends_with(kHex)) return false;
  const std::string plain = name.substr(0, name.size() - kHex.size());
  return meant.value(plain, Json()) != wanted.value(plain, Json());
}

Json merge_objects(const Json& stated, const Json& meant, const Json& wanted) {
  const Json none;
  const auto of = [&none](const Json& object, const std::string& name) -> const Json& {
    const auto found = object.find(name);
    return found == object.end() ? none : *found;
  };
  Json merged = Json::object();
  for (const auto& [name, value] : stated.items()) {
    if (wanted.contains(name)) {
      merged[name] = merge(name, value, of(meant, name), wanted[name]);
    } else if (!meant.contains(name) && !is_other_spelling(name, meant, wanted)) {
      merged[name] = value;  // said though it says nothing
    }
  }
  for (const auto& [name, value] : wanted.items()) {
    if (stated.contains(name) || of(meant, name) == value) continue;
    const bool is_part = value.is_object() && meant.contains(name);
    merged[name] = merge(name, is_part ? Json::object() : Json(), of(meant, name), value);
  }
  return merged;
}

/// `stated`: what the file has in the member `name`, or in an element of it; `meant`: what it comes to. Null
/// for both: it has nothing.
Json merge(std::string_view name, const Json& stated, const Json& meant, const Json& wanted) {
  if (!stated.is_null() && meant == wanted) return stated;
  Json merged = wanted;
  if (wanted.is_object()) {
    const bool known = stated.is_object() && meant.is_object();
    merged = merge_objects(known ? stated : Json::object(), known ? meant : Json::object(), wanted);
    if (const Meaning means = meaning_of(name)) complete(merged, stated, wanted, means);
  } else if (wanted.is_array()) {
    const bool known = stated.is_array() && meant.is_array() && stated.size() == meant.size();
    merged = merge_lists(name, known ? stated : Json::array(), known ? meant : Json::array(), wanted);
  }
  return merged;
}

}  // namespace

std::optional<std::string> merge_into_text(const std::string& text, const Config& file,
                                           const Config& running) {
  const Parsed<Json> stated = parse_json_text(text);
  std::optional<JsonText> tree = JsonText::parse(text);
  if (!stated.value || !tree) return std::nullopt;
  const Json wanted = to_json(running);
  tree->assign(in_usual_order(merge("", *stated.value, to_json(file), wanted)), identity_of);
  std::string merged = tree->to_string();
  const Parsed<Json> document = parse_json_text(merged);
  if (!document.value) return std::nullopt;
  const Parsed<Config> outcome = parse_config(*document.value);
  if (!outcome.value || to_json(*outcome.value) != wanted) return std::nullopt;
  return merged;
}

std::string whole_text(const Config& running) {
  return in_usual_order(to_json(running)).dump(2) + "\n";
}

bool mean_the_same(const Config& a, const Config& b) {
  return to_json(a) == to_json(b);
}

}  // namespace turnout
