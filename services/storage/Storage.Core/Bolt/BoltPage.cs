using System.Buffers.Binary;

namespace Storage.Core.Bolt;

/// <summary>
/// One page read from a file, or the page of an inline bucket: checked as a whole before anything of it is used, so that each element is known to lie inside it.
/// </summary>
internal sealed class BoltPage
{
    private readonly byte[] _bytes;
    private readonly string _name;

    private BoltPage(byte[] bytes, string name, bool isLeaf, int count) => (_bytes, _name, IsLeaf, Count) = (bytes, name, isLeaf, count);

    public bool IsLeaf { get; }
    public int Count { get; }

    /// <summary>Checks a page.</summary>
    /// <param name="bytes">All of it, with the pages of its run.</param>
    /// <param name="name">What to call it when it is damaged.</param>
    /// <exception cref="BoltDamagedException">It is no branch or leaf page, or has elements that reach beyond its end or are out of order.</exception>
    public static BoltPage Parse(byte[] bytes, string name)
    {
        if (bytes.Length < BoltFormat.PageHeaderBytes)
            throw new BoltDamagedException($"{name} is too short to be a page");
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        if (flags is not (BoltFormat.LeafPage or BoltFormat.BranchPage))
            throw new BoltDamagedException($"{name} is neither a branch nor a leaf page: its flags are 0x{flags:x}");
        var page = new BoltPage(bytes, name, flags == BoltFormat.LeafPage, BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(10)));
        page.Check();
        return page;
    }

    public ReadOnlySpan<byte> Key(int at)
    {
        var element = Element(at);
        return IsLeaf
            ? Slice(at, Number(element, 4), Number(element, 8))
            : Slice(at, Number(element, 0), Number(element, 4));
    }

    public ReadOnlySpan<byte> Value(int at)
    {
        var element = Element(at);
        return Slice(at, Number(element, 4) + (long)Number(element, 8), Number(element, 12));
    }

    public bool IsBucket(int at) => (Number(Element(at), 0) & BoltFormat.BucketElement) != 0;

    public ulong Child(int at) => BinaryPrimitives.ReadUInt64LittleEndian(Element(at)[8..]);

    private void Check()
    {
        if (BoltFormat.PageHeaderBytes + (Count * (long)BoltFormat.ElementBytes) > _bytes.Length)
            throw new BoltDamagedException($"{_name} says that it has {Count} elements, for which it is too short");
        if (!IsLeaf && Count == 0)
            throw new BoltDamagedException($"{_name} is a branch without children");
        ReadOnlySpan<byte> last = default;
        for (var at = 0; at < Count; at++)
        {
            var key = Key(at);
            if (IsLeaf)
                _ = Value(at);
            // bbolt knows no empty keys; a branch's first may stand for "from the beginning".
            if (key.IsEmpty ? IsLeaf || at > 0 : at > 0 && last.SequenceCompareTo(key) >= 0)
                throw new BoltDamagedException($"{_name} has keys out of order");
            last = key;
        }
    }

    private ReadOnlySpan<byte> Element(int at) => _bytes.AsSpan(BoltFormat.PageHeaderBytes + (at * BoltFormat.ElementBytes), BoltFormat.ElementBytes);

    private static uint Number(ReadOnlySpan<byte> element, int at) => BinaryPrimitives.ReadUInt32LittleEndian(element[at..]);

    private ReadOnlySpan<byte> Slice(int at, long position, uint length)
    {
        var start = BoltFormat.PageHeaderBytes + (at * BoltFormat.ElementBytes) + position;
        return start <= _bytes.Length && length <= _bytes.Length - start
            ? _bytes.AsSpan((int)start, (int)length)
            : throw new BoltDamagedException($"{_name} has an element that reaches beyond its end");
    }
}
