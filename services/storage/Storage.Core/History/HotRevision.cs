using System.Diagnostics;
using Storage.Core.Mvcc;

namespace Storage.Core.History;

/// <summary>One recent revision with the changes it made, encoded. Most revisions have a single change, which lies inline.</summary>
public readonly struct HotRevision(HotChange first, HotChange[]? more, ApplySpan? span)
{
    private readonly HotChange _first = first;
    private readonly HotChange[]? _more = more;

    /// <summary>The span that applied it; null when the command was not sampled.</summary>
    public ApplySpan? Span { get; } = span;

    public int Count => 1 + (_more?.Length ?? 0);

    /// <summary>The change with this sub number.</summary>
    public HotChange this[int sub] => sub == 0 ? _first : _more![sub - 1];
}

/// <summary>One change: its encoded event, whose tail is the record, and the revision of the previous value (main 0: none).</summary>
public readonly record struct HotChange(ReadOnlyMemory<byte> Message, int RecordBytes, bool IsTombstone, Revision Previous)
{
    /// <summary>The kv of the event; for a put the stored record.</summary>
    public ReadOnlyMemory<byte> Record => Message[^RecordBytes..];
}

/// <summary>A trace context on the heap: absent for the many commands that are not sampled.</summary>
public sealed record ApplySpan(ActivityContext Context);
