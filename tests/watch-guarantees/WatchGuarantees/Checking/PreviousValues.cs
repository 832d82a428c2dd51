using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>
/// prev_kv is what the key held before, when it was asked for; it is missing only where there was nothing, or where a compaction took the revision before.
/// </summary>
public sealed class PreviousValues : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history)
    {
        foreach (var heard in record.Heard)
        {
            if (!record.Scope.PreviousValue)
            {
                if (heard.Previous is not null)
                    return $"it did not ask for the previous value of {heard}";
                continue;
            }
            if (Genuine.Written(heard, history) is not { } written || heard.Previous == written.Previous)
                continue;
            if (heard.Previous is not null || heard.Revision > history.Compacted)
                return $"heard was {heard}, written was {written}";
        }
        return null;
    }
}
