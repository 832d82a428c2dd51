using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Storage.Core.Keys;

/// <summary>Makes leaves of keys that come in order, each filled to a target.</summary>
/// <param name="separator">Of the first leaf.</param>
/// <param name="target">Keys of a leaf, if they are not too long.</param>
internal sealed class LeafRun(byte[] separator, int target)
{
    private readonly List<LeafEntry> _entries = [];
    private readonly List<KeyChild> _leaves = [];
    private byte[] _separator = separator;
    private int _bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in LeafEntry entry)
    {
        if (_entries.Count > 0 && (_entries.Count >= target || _bytes + entry.KeyBytes > KeyLeaf.MaxHeapBytes))
        {
            var next = LeafEntry.Separator(_entries[^1], entry);
            End();
            _separator = next;
        }
        _entries.Add(entry);
        _bytes += entry.KeyBytes;
    }

    public List<KeyChild> Complete()
    {
        End();
        return _leaves;
    }

    // Without room to spare: most leaves of a large index stay as they are for long.
    private void End()
    {
        _leaves.Add(KeyLeaf.Build(CollectionsMarshal.AsSpan(_entries), slack: 0, int.MaxValue, maxKeyBytes: 0).Describe(_separator));
        _entries.Clear();
        _bytes = 0;
    }
}
