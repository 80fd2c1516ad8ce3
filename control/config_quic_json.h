// JSON ↔ what is set about QUIC, for the configuration's reader and writer.
#pragma once

#include "control/config_reader.h"

namespace turnout {

QuicConfig read_quic(const ConfigReader& at);
/// Octets as hexadecimal digits.
void read_quic_id(const ConfigReader& at, std::string& id);

Json to_json(const QuicConfig& quic);
std::string quic_id_text(const std::string& id);  ///< "0a01"

}  // namespace turnout
