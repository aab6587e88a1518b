// Columns of text under headings.
#pragma once

#include <string>
#include <vector>

namespace mutexgroups::ctl {

class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string heading;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns);

  // One cell for each column, escaped. The last cell may hold colours, as nothing is aligned to it.
  void AddRow(std::vector<std::string> cells);

  // The columns that all but the last one take, with the gaps behind them.
  int WidthBeforeLast() const;

  // All lines, each after `indent` spaces, two spaces between columns, none at the ends of lines.
  std::string Text(int indent = 0) const;

 private:
  int WidthOf(std::size_t column) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mutexgroups::ctl
