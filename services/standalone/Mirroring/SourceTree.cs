using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary>A directory of a v2 key space as it was at one moment.</summary>
/// <param name="Nodes">All that is in it, with paths that begin at it; the directory itself only when it is a key.</param>
/// <param name="Index">The state of the key space then.</param>
internal sealed record SourceTree(IReadOnlyList<(string Path, V2Node Node)> Nodes, ulong Index)
{
    /// <summary>How far the source's clock is ahead of ours.</summary>
    public TimeSpan ClockAhead { get; init; }

    /// <summary>Nobody can have prolonged what has ended meanwhile: it is not copied.</summary>
    public bool IsFinal { get; init; }

    /// <summary>Of a recursive list.</summary>
    /// <param name="answer">The list.</param>
    /// <param name="root">Path of the directory, as <see cref="KeyPath.Clean"/> makes it.</param>
    public static SourceTree Of(V2Answer answer, string root)
    {
        var nodes = new List<(string Path, V2Node Node)>();
        Collect(answer.Node);
        return new SourceTree(nodes, answer.Index) { ClockAhead = answer.ClockAhead };

        void Collect(V2Node node)
        {
            // The directory itself is made with what is in it, unless it is a key.
            if (node.Key.Length > root.Length || !node.IsDirectory)
                nodes.Add((node.Key[root.Length..], node));
            foreach (var child in node.Nodes)
                Collect(child);
        }
    }
}
