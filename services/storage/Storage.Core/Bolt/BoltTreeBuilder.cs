using System.Buffers.Binary;

namespace Storage.Core.Bolt;

/// <summary>
/// Builds the tree of one bucket from below, out of rows in key order: a leaf is written when it is full, a branch when its children are, the root at
/// last. In memory is one page of each level.
/// </summary>
internal sealed class BoltTreeBuilder(BoltFileBuilder file)
{
    // From the leaves up. Every level holds at least one element once it is there.
    private readonly List<BoltPageBuilder> _levels = [new(isLeaf: true)];

    /// <summary>Adds a row behind the others.</summary>
    public void Add(uint flags, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add(0, flags, key, value);

    /// <summary>
    /// Ends a bucket: the value by which the root bucket knows it. A small one is in it whole, as bbolt keeps it.
    /// </summary>
    public byte[] CompleteBucket()
    {
        var isInline = _levels.Count == 1 && _levels[0].Bytes <= BoltFormat.MaxInlineBytes;
        var value = new byte[BoltFormat.BucketHeaderBytes + (isInline ? _levels[0].Bytes : 0)];
        if (isInline)
            _levels[0].WriteTo(value.AsSpan(BoltFormat.BucketHeaderBytes), 0);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(value, Complete());
        return value;
    }

    /// <summary>Writes what is left; returns the root's page.</summary>
    public ulong Complete()
    {
        var level = 0;
        for (; level < _levels.Count - 1; level++)
            EndPage(level);
        return file.WritePage(_levels[level]);
    }

    private void Add(int level, ulong mark, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!_levels[level].HasRoom(key.Length, value.Length))
            EndPage(level);
        _levels[level].Add(mark, key, value);
    }

    private void EndPage(int level)
    {
        if (level + 1 == _levels.Count)
            _levels.Add(new BoltPageBuilder(isLeaf: false));
        var firstKey = _levels[level].FirstKey.ToArray();
        Add(level + 1, file.WritePage(_levels[level]), firstKey, []);
    }
}
