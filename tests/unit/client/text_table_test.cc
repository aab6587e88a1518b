#include "client/cpp/mutexctl/text_table.h"

#include <gtest/gtest.h>

namespace mutexgroups::ctl {
namespace {

TEST(TextTable, AlignsColumnsAndLeavesNoSpacesAtTheEnd) {
  TextTable table({{"N", TextTable::Align::kRight}, {"NAME"}, {"REST"}});
  table.AddRow({"1", "東京", "\x1b[36mx\x1b[0m"});
  table.AddRow({"12", "ab", ""});
  EXPECT_EQ(table.Text(),
            " N  NAME  REST\n"
            " 1  東京  \x1b[36mx\x1b[0m\n"
            "12  ab\n");
  EXPECT_EQ(table.WidthBeforeLast(), 10);
}

TEST(TextTable, IndentsAndFillsMissingCells) {
  TextTable table({{"A"}, {"B"}});
  table.AddRow({"x"});
  EXPECT_EQ(table.Text(2), "  A  B\n  x\n");
}

}  // namespace
}  // namespace mutexgroups::ctl
