#include "service/telemetry/clipped_message.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace mutexd::telemetry {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using ::mutexgroups::v1::MutexGroup;

bool CutText(std::string& text, std::size_t most) {
  if (text.size() <= most) return false;
  const std::size_t all = text.size();
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  absl::StrAppend(&text, "… [", all - end, " bytes more]");
  return true;
}

void CutTexts(Message& message, const FieldDescriptor* field, const Clip& clip,
              std::size_t& cut_texts) {
  const Reflection* reflection = message.GetReflection();
  const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
  for (int i = 0; i < size; ++i) {
    std::string text = field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                            : reflection->GetString(message, field);
    if (!CutText(text, clip.text_bytes)) continue;
    ++cut_texts;
    if (field->is_repeated()) {
      reflection->SetRepeatedString(&message, field, i, std::move(text));
    } else {
      reflection->SetString(&message, field, std::move(text));
    }
  }
}

// Drops from each list what the other one has too.
template <typename List>
std::size_t DropShared(List& before, List& after, std::size_t members) {
  const auto most = static_cast<int>(members);
  if (before.size() <= most && after.size() <= most) return 0;
  using Member = std::decay_t<decltype(*before.begin())>;
  const std::set<Member> of_before(before.begin(), before.end());
  const std::set<Member> of_after(after.begin(), after.end());
  const auto all = static_cast<std::size_t>(before.size() + after.size());
  const auto drop = [](List& list, const std::set<Member>& other) {
    list.erase(std::remove_if(list.begin(), list.end(),
                              [&](const Member& member) { return other.contains(member); }),
               list.end());
  };
  drop(before, of_after);
  drop(after, of_before);
  return all - static_cast<std::size_t>(before.size() + after.size());
}

}  // namespace

std::size_t ClipMessage(Message& message, const Clip& clip, std::size_t& cut_texts) {
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  std::size_t dropped = 0;
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) {
      while (reflection->FieldSize(message, field) > static_cast<int>(clip.members)) {
        reflection->RemoveLast(&message, field);
        ++dropped;
      }
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      CutTexts(message, field, clip, cut_texts);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated()) {
      dropped += ClipMessage(*reflection->MutableMessage(&message, field), clip, cut_texts);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
        Message& element = *reflection->MutableRepeatedMessage(&message, field, i);
        dropped += ClipMessage(element, clip, cut_texts);
      }
    }
  }
  return dropped;
}

std::size_t KeepDifferences(MutexGroup& before, MutexGroup& after, std::size_t members) {
  std::size_t dropped = 0;
  const int slots = std::min(before.slots_size(), after.slots_size());
  for (int i = 0; i < slots; ++i) {
    auto& then = *before.mutable_slots(i);
    auto& now = *after.mutable_slots(i);
    dropped += DropShared(*then.mutable_experiment_ids(), *now.mutable_experiment_ids(), members);
    dropped += DropShared(*then.mutable_holdout_ids(), *now.mutable_holdout_ids(), members);
    dropped += DropShared(*then.mutable_individuals(), *now.mutable_individuals(), members);
    dropped += DropShared(*then.mutable_cohorts(), *now.mutable_cohorts(), members);
  }
  return dropped;
}

}  // namespace mutexd::telemetry
