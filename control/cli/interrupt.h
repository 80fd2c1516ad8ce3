// SIGINT (Ctrl-C) and SIGTERM as something to wait for, in place of the end of the process.
#pragma once

namespace turnout::cli {

/// From now on they are held back. The descriptor is readable once one has come, and stays so: the user has
/// seen enough.
int hold_interrupts();

/// That descriptor; -1 as long as they are not held.
int interrupts();

}  // namespace turnout::cli
