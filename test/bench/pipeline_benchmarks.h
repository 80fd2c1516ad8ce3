// Parts of pipeline_benchmark that stand in files of their own.
#pragma once

namespace turnout::bench {

void add_stages();          // stages_benchmark.cpp: parse and match alone
void add_pairs(int round);  // pairs_benchmark.cpp: one kind of traffic beside another

}  // namespace turnout::bench
