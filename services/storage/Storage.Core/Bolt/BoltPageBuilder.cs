using System.Buffers.Binary;

namespace Storage.Core.Bolt;

/// <summary>Gathers the elements of one branch or leaf page, in key order, and lays them out.</summary>
internal sealed class BoltPageBuilder(bool isLeaf)
{
    // For a leaf the flags of the element, for a branch its child.
    private readonly List<(ulong Mark, int KeyBytes, int ValueBytes)> _elements = [];
    private byte[] _data = new byte[BoltFormat.PageBytes];
    private int _dataBytes;

    public int Count => _elements.Count;

    /// <summary>Bytes of the page so far, its header included.</summary>
    public int Bytes => BoltFormat.PageHeaderBytes + (_elements.Count * BoltFormat.ElementBytes) + _dataBytes;

    public ReadOnlySpan<byte> FirstKey => _data.AsSpan(0, _elements[0].KeyBytes);

    /// <summary>True when the element still fits into one page of the file, or would have to be alone in a run of its own.</summary>
    public bool HasRoom(int keyBytes, int valueBytes) =>
        Count == 0 || Bytes + BoltFormat.ElementBytes + keyBytes + (long)valueBytes <= BoltFormat.PageBytes;

    /// <summary>Adds an element behind the others. For a branch the mark is the child's page and the value is empty.</summary>
    public void Add(ulong mark, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var needed = _dataBytes + key.Length + value.Length;
        if (needed > _data.Length)
            Array.Resize(ref _data, Math.Max(needed, _data.Length * 2));
        key.CopyTo(_data.AsSpan(_dataBytes));
        value.CopyTo(_data.AsSpan(_dataBytes + key.Length));
        _dataBytes = needed;
        _elements.Add((mark, key.Length, value.Length));
    }

    /// <summary>Writes the page and begins the next.</summary>
    /// <param name="target">Zero; at least <see cref="Bytes"/> long. What is longer than a page belongs to its run.</param>
    /// <param name="page">Its number; 0 for the page of an inline bucket.</param>
    public void WriteTo(Span<byte> target, ulong page)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, page);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], isLeaf ? BoltFormat.LeafPage : BoltFormat.BranchPage);
        BinaryPrimitives.WriteUInt16LittleEndian(target[10..], checked((ushort)_elements.Count));
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], (uint)(Math.Max(0, target.Length - 1) / BoltFormat.PageBytes));
        var element = BoltFormat.PageHeaderBytes;
        var data = element + (_elements.Count * BoltFormat.ElementBytes);
        _data.AsSpan(0, _dataBytes).CopyTo(target[data..]);
        foreach (var (mark, keyBytes, valueBytes) in _elements)
        {
            WriteElement(target[element..], mark, data - element, keyBytes, valueBytes);
            element += BoltFormat.ElementBytes;
            data += keyBytes + valueBytes;
        }
        Clear();
    }

    private void WriteElement(Span<byte> target, ulong mark, int position, int keyBytes, int valueBytes)
    {
        if (isLeaf)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)mark);
            BinaryPrimitives.WriteInt32LittleEndian(target[4..], position);
            BinaryPrimitives.WriteInt32LittleEndian(target[8..], keyBytes);
            BinaryPrimitives.WriteInt32LittleEndian(target[12..], valueBytes);
            return;
        }
        BinaryPrimitives.WriteInt32LittleEndian(target, position);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], keyBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], mark);
    }

    private void Clear()
    {
        _elements.Clear();
        _dataBytes = 0;
        // What one large value took is not kept for all the small ones.
        if (_data.Length > 16 * BoltFormat.PageBytes)
            _data = new byte[BoltFormat.PageBytes];
    }
}
