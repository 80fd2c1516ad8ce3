// Parts of pipeline_benchmark that stand in files of their own.
#pragma once

namespace turnout::bench {

void add_stages();                    // stages_benchmark.cpp: parse and match alone
void add_new_connections(int round);  // new_connections_benchmark.cpp

}  // namespace turnout::bench
