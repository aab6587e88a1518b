#include "client/cpp/mutexctl/text_table.h"

#include <algorithm>
#include <utility>

#include "client/cpp/mutexctl/safe_text.h"

namespace mutexgroups::ctl {
namespace {

constexpr int kGap = 2;

}  // namespace

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

int TextTable::WidthOf(std::size_t column) const {
  int width = DisplayWidth(columns_[column].heading);
  for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[column]));
  return width;
}

int TextTable::WidthBeforeLast() const {
  int width = 0;
  for (std::size_t i = 0; i + 1 < columns_.size(); ++i) width += WidthOf(i) + kGap;
  return width;
}

std::string TextTable::Text(int indent) const {
  std::vector<int> widths;
  for (std::size_t i = 0; i + 1 < columns_.size(); ++i) widths.push_back(WidthOf(i));
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string& cell = cell_of(i);
      const std::string padding(widths[i] - DisplayWidth(cell), ' ');
      line += columns_[i].align == Align::kRight ? padding + cell : cell + padding;
      line.append(kGap, ' ');
    }
    line += cell_of(widths.size());
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line([&](std::size_t i) -> const std::string& { return columns_[i].heading; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return text;
}

}  // namespace mutexgroups::ctl
