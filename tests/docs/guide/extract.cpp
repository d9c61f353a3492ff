// extract PAGE FOLDER: makes programs of a page of the guide, so that what it shows is compiled and run.
//
// The ```cpp blocks of one `##` section are one function, in their order; `client` and `bus` are there, connected to an empty
// in-memory broker. A block that begins with struct, enum, class or template stands before the functions. A block with a
// `main` is a program of its own. The ```bash blocks are one script, run in an empty folder. A ```text block says what the
// block before it prints: these lines, in this order, where … stands for anything on the line.
//
// Writes FOLDER/NAME.cpp and FOLDER/NAME.sh, NAME.sh.expected; and NAME.program.cpp for a block with a main.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Block {
  std::string language, text, section;
  int line = 0;
};

std::vector<Block> blocks_of(const std::filesystem::path& page) {
  std::ifstream in(page);
  std::vector<Block> blocks;
  std::string section = "";
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), "", section, number + 1});
    } else if (inside) {
      blocks.back().text += line + "\n";
    } else if (line.starts_with("## ")) {
      section = line.substr(3);
    }
  }
  if (inside || number == 0) throw std::runtime_error(page.string() + ": empty, or a block has no end");
  return blocks;
}

bool is_definition(const std::string& text) {
  for (const char* begin : {"struct ", "enum ", "class ", "template ", "template<"}) {
    if (text.starts_with(begin)) return true;
  }
  return false;
}

void expected_lines(std::ostream& out, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out << "//> " << line << "\n";
}

struct Page {
  std::filesystem::path path;
  std::vector<Block> blocks = blocks_of(path);

  [[nodiscard]] std::string place(const Block& block) const {
    return "#line " + std::to_string(block.line) + " \"" + path.string() + "\"\n";
  }

  void write_sections(std::ostream& out) const {
    const auto stem = path.stem().string();
    std::string identifier = "page_" + stem;
    std::replace(identifier.begin(), identifier.end(), '-', '_');
    out << "#include \"docs/guide/guide.hpp\"\nusing namespace collective;\nnamespace " << identifier << " {\n";
    std::ostringstream functions, table;
    std::string open;
    const Block* before = nullptr;
    int count = 0;
    for (const auto& block : blocks) {
      const bool cpp = block.language == "cpp" && block.text.find("int main(") == std::string::npos;
      if (cpp && is_definition(block.text)) {
        out << place(block) << block.text;
      } else if (cpp) {
        if (count == 0 || open != block.section) {
          if (count++ > 0) functions << "}\n";
          open = block.section;
          const std::string name = "section_" + std::to_string(count);
          functions << "static void " << name
                    << "([[maybe_unused]] EventClient& client, [[maybe_unused]] EventBus& bus) {\n";
          table << "  {R\"(" << open << ")\", " << name << "},\n";
        }
        functions << place(block) << block.text;
      } else if (block.language == "text" && before != nullptr && before->language == "cpp" &&
                 before->text.find("int main(") == std::string::npos) {
        functions << "guide::expect(R\"(" << path.filename().string() << ":" << block.line << ")\", R\"guide("
                  << block.text << ")guide\");\n";
      }
      before = &block;
    }
    if (count > 0) functions << "}\n";
    out << functions.str() << "static const guide::Chapter chapter(\"" << stem << "\", {\n"
        << table.str() << "});\n}\n";
  }

  void write_script(std::ostream& script, std::ostream& expected) const {
    script << "set -euo pipefail\n";
    const Block* before = nullptr;
    for (const auto& block : blocks) {
      if (block.language == "bash") script << block.text;
      if (block.language == "text" && before != nullptr && before->language == "bash")
        expected_lines(expected, block.text);
      before = &block;
    }
  }

  void write_program(std::ostream& out) const {
    const Block* before = nullptr;
    for (const auto& block : blocks) {
      if (block.language == "cpp" && block.text.find("int main(") != std::string::npos)
        out << place(block) << block.text;
      if (block.language == "text" && before != nullptr && before->text.find("int main(") != std::string::npos)
        expected_lines(out, block.text);
      before = &block;
    }
  }
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::cerr << "usage: extract PAGE FOLDER\n", 2;
  const Page page{arguments[1]};
  const auto name = (std::filesystem::path(arguments[2]) / page.path.stem()).string();
  std::ofstream sections(name + ".cpp"), script(name + ".sh"), expected(name + ".sh.expected"),
      program(name + ".program.cpp");
  page.write_sections(sections);
  page.write_script(script, expected);
  page.write_program(program);
}
