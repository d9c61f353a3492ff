#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "events.hpp"
#include "progress.hpp"

// What the pipeline prints.
namespace pipeline {

void print_steps(std::ostream& out, const Progress& progress, std::chrono::steady_clock::duration took);
void print_flow(std::ostream& out, const Progress::File& file);
void print_dead_letter(std::ostream& out, const collective::DeadLetter& letter);
void print_hits(std::ostream& out, const std::string& query, const std::vector<SearchHit>& hits);

/// Removes what would control a terminal.
std::string plain(std::string text);

}  // namespace pipeline
