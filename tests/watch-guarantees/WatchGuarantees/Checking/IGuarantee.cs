using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>One named promise to whoever watches.</summary>
public interface IGuarantee
{
    /// <summary>Null when it was kept, otherwise what broke it.</summary>
    string? Violation(WatchRecord record, WrittenHistory history);
}
