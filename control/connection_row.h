// A connection as connection.list shows it.
#pragma once

#include "control/connection_walk.h"
#include "control/director.h"
#include "control/json_rpc.h"

namespace turnout {

/// Seconds until the entry is forgotten; below 0 if it is past its time, and no connection any more.
int32_t expires_in(ConnectionValue value, Tick now, const Timeouts& timeouts);

/// The row of an entry whose server the director's snapshot owns.
Json connection_row(const WalkedFlow& flow, ConnectionValue value, const Director& director);

}  // namespace turnout
