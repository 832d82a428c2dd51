using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>No gap: every event wanted from the first revision on came, up to the last that was heard, the last bookmark, and the revision that the test waited for.</summary>
public sealed class Reliable : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history)
    {
        if (record.From is not { } from || record.Next is not { } next)
            return record.CompleteUpTo > 0 ? "it was never created" : null;
        // Who was told that compaction overtook it knows that the rest is missing.
        var upTo = record.IsCanceled ? next - 1 : Math.Max(next - 1, record.CompleteUpTo);
        if (upTo >= from && upTo > history.Last)
            return $"it was told of revision {upTo}, and the last one written is {history.Last}";
        var heard = record.Heard.Select(one => (one.Revision, one.Key)).ToHashSet();
        for (var revision = from; revision <= upTo; revision++)
        {
            foreach (var written in history.At(revision))
            {
                if (record.Scope.Wants(written) && !heard.Contains((written.Revision, written.Key)))
                    return $"{written} never came, though everything up to {upTo} should have";
            }
        }
        return null;
    }
}
