using Storage.Contracts;
using Storage.Core.Apply;
using Storage.Core.History;

namespace Storage.Core.V2;

/// <summary>Expiry, driven by a clock value inside a command.</summary>
public sealed partial class V2Tree
{
    /// <summary>Removes every node whose deadline is at or before <paramref name="nowUnixNanos"/>, the earliest first, one index each.</summary>
    public Reply Expire(long nowUnixNanos, ApplySpan? span)
    {
        while (_deadlines.Count > 0 && _deadlines.Min.Deadline <= nowUnixNanos)
        {
            var node = _nodes.Find(V2Path.Key(_deadlines.Min.Path));
            Invariant.Holds(node is not null);
            var removed = RemoveSubtree(node);
            Emit("expire", node with { ModifiedIndex = Index + 1 }, node, FeedEventKind.Delete, nowUnixNanos, span, removed);
        }
        return Reply.Ok;
    }
}
