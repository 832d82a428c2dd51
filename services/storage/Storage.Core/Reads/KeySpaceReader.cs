using Storage.Core.Keys;
using Storage.Core.State;

namespace Storage.Core.Reads;

/// <summary>What range reads and compares look at: a published view, or the state in the middle of a command.</summary>
public ref struct KeySpaceReader
{
    public required KeyIndex Keys { get; init; }

    /// <summary>Newest revision that can be seen.</summary>
    public required long Revision { get; init; }

    public required long CompactRevision { get; init; }

    /// <summary>Where the records are.</summary>
#pragma warning disable CA1051 // A mutable struct that callers use in place: a property would hand out copies.
    public RecordReader Records;
#pragma warning restore CA1051

    /// <summary>Reads a published view. Dispose it.</summary>
    public static KeySpaceReader Open(StateView view) => new()
    {
        Keys = view.Keys,
        Revision = view.Revision,
        CompactRevision = view.CompactRevision,
        Records = RecordReader.ForView(view.Hot, view.Tree),
    };

    public readonly void Dispose() => Records.Dispose();
}
