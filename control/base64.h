// Octets as text (RFC 4648 4), as JSON can carry them.
#pragma once

#include <openssl/evp.h>

#include <string>
#include <string_view>

namespace turnout {

inline std::string base64(std::string_view octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0');  // and the zero that OpenSSL ends it with
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

}  // namespace turnout
