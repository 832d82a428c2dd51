using Linearizability.History;

namespace Linearizability.Keys;

/// <summary>
/// What the revisions of all keys together must satisfy, and what checking key by key cannot see: no two writes share one, and a request that began after
/// another was answered has the later revision (a read: none earlier).
/// </summary>
public static class RevisionOrder
{
    /// <summary>Null when it holds, otherwise the two operations that contradict each other.</summary>
    public static string? Violation(IEnumerable<Operation<KeyRequest, KeyAnswer>> history)
    {
        var decided = history.Where(o => o.IsDecided).ToList();
        return SharedByWrites(decided) ?? AgainstTime(decided);
    }

    private static string? SharedByWrites(List<Operation<KeyRequest, KeyAnswer>> decided)
    {
        var twice = decided.Where(o => o.Output.Wrote).GroupBy(o => o.Output.Revision).FirstOrDefault(g => g.Skip(1).Any())?.ToList();
        return twice is null ? null : $"two writes have one revision:\n  {Show(twice[0])}\n  {Show(twice[1])}";
    }

    private static string? AgainstTime(List<Operation<KeyRequest, KeyAnswer>> decided)
    {
        // Both lists are walked once: "latest" is the highest revision answered before the call looked at.
        var byReturn = decided.OrderBy(o => o.Return).ToList();
        Operation<KeyRequest, KeyAnswer>? latest = null;
        var returned = 0;
        foreach (var operation in decided.OrderBy(o => o.Call))
        {
            for (; byReturn[returned].Return < operation.Call; returned++)
            {
                if (latest is null || byReturn[returned].Output.Revision > latest.Output.Revision)
                    latest = byReturn[returned];
            }
            if (latest is null)
                continue;
            var atLeast = latest.Output.Revision + (operation.Output.Wrote ? 1 : 0);
            if (operation.Output.Revision < atLeast)
                return $"an answer is older than one given before it was asked for:\n  {Show(latest)}\n  {Show(operation)}";
        }
        return null;
    }

    private static string Show(Operation<KeyRequest, KeyAnswer> operation) => $"client {operation.Client}: {operation.Input} -> {operation.Output}";
}
