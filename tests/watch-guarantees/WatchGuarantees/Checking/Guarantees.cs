using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>All of them.</summary>
public static class Guarantees
{
    public static IReadOnlyList<IGuarantee> All { get; } =
    [
        new Genuine(), new PreviousValues(), new Ordered(), new Unique(), new Atomic(), new Reliable(), new Resumable(), new Bookmarkable(), new Headers(),
    ];

    /// <summary>Null when all were kept; otherwise the first that was not, its name first.</summary>
    public static string? Violation(WatchRecord record, WrittenHistory history)
    {
        foreach (var guarantee in All)
        {
            if (guarantee.Violation(record, history) is { } what)
                return $"{guarantee.GetType().Name}: {record}: {what}";
        }
        return null;
    }
}
