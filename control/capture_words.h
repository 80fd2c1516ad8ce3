// What a capture says of a packet, in the comment that Wireshark shows with it.
#pragma once

#include <string>
#include <string_view>

#include "control/director.h"
#include "dataplane/capture_tap.h"

namespace turnout {

/// What a name stands for: half a sentence, to be read after it.
std::string_view words_of(DropReason reason);
std::string_view words_of(PuntKind kind);

/// "dropped: no_service: …; for …; came by port lan". The name comes first, to be filtered by:
/// frame.comment contains "dropped: no_service".
std::string capture_comment(const CaptureNote& note, const Director& director);

}  // namespace turnout
