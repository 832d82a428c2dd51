using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>What is heard was written, exactly so, and is what the watch asked for: its keys, and nothing that its filters leave out.</summary>
public sealed class Genuine : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history)
    {
        // Pieces of a revision that never became whole were written, too.
        foreach (var heard in record.Openings.SelectMany(opening => opening.Responses).SelectMany(response => response.Events))
        {
            if (!record.Scope.Wants(heard))
                return $"it did not ask for {heard}";
            if (Written(heard, history) is not { } written)
                return $"nobody wrote {heard}";
            if (written.State != heard.State)
                return $"heard was {heard}, written was {written}";
        }
        return null;
    }

    internal static WatchEvent? Written(in WatchEvent heard, WrittenHistory history)
    {
        foreach (var written in history.At(heard.Revision))
        {
            if (written.Key == heard.Key)
                return written;
        }
        return null;
    }
}
