using Storage.Core.Tree;
using Storage.Core.Tree.Pages;

namespace Storage.Tree.Tests;

/// <summary>What a tree should hold, in sorted dictionaries.</summary>
internal sealed class TreeModel
{
    public static readonly TableId[] Tables = [TableId.Meta, TableId.Revisions, TableId.V2Nodes];

    private readonly Dictionary<TableId, SortedDictionary<byte[], byte[]>> _tables =
        Tables.ToDictionary(static table => table, static _ => new SortedDictionary<byte[], byte[]>(ByteOrder.Instance));

    public SortedDictionary<byte[], byte[]> this[TableId table] => _tables[table];

    /// <summary>What half of the values are put with: any bytes of any length that may be.</summary>
    public static ReadOnlySpan<byte> HeadOf(ReadOnlySpan<byte> value) =>
        value.Length % 2 == 0 ? value[^Math.Min(value.Length, value.Length % (CopyOnWriteTree.MaxHeadBytes + 1))..] : default;

    public TreeModel Clone()
    {
        var clone = new TreeModel();
        foreach (var (table, rows) in _tables)
            foreach (var (key, value) in rows)
                clone[table].Add(key, value);
        return clone;
    }

    /// <summary>Forgets what it holds and takes over another's rows.</summary>
    public void Replace(TreeModel other)
    {
        foreach (var table in Tables)
        {
            _tables[table].Clear();
            foreach (var (key, value) in other[table])
                _tables[table].Add(key, value);
        }
    }

    /// <summary>The snapshot holds this and nothing else, in this order; found by scan and by key.</summary>
    public void AssertEqual(ITreeSnapshot snapshot)
    {
        foreach (var table in Tables)
        {
            var cursor = snapshot.Seek(table, []);
            foreach (var (key, value) in _tables[table])
            {
                Assert.True(cursor.MoveNext(), "the scan ended early");
                Assert.True(cursor.Key.SequenceEqual(key), "the scan has another key");
                Assert.True(cursor.Value.SequenceEqual(value), "the scan has another value");
                cursor.ReadRow(out var rowKey, out var rowValue);
                Assert.True(rowKey.SequenceEqual(key) && rowValue.SequenceEqual(value), "the scan has another row");
                Assert.True(cursor.Head.SequenceEqual(ReadHead(key, value)), "the scan has another head");
                Assert.True(snapshot.TryGet(table, key, out var found), "a key is missing");
                Assert.True(found.SequenceEqual(value), "a key has another value");
            }
            Assert.False(cursor.MoveNext(), "the scan has more keys");
            Assert.False(cursor.MoveNext(), "the scan goes on after its end");
        }
    }

    /// <summary>The running transaction reads this.</summary>
    public void AssertEqual(ITree tree)
    {
        foreach (var table in Tables)
            foreach (var (key, value) in _tables[table])
            {
                Assert.True(tree.TryGet(table, key, out var found), "a key is missing");
                Assert.True(found.SequenceEqual(value), "a key has another value");
            }
    }

    private static ReadOnlySpan<byte> ReadHead(byte[] key, byte[] value) =>
        NodePage.CellBytes(key.Length, value.Length) > NodePage.MaxCellBytes && !HeadOf(value).IsEmpty ? HeadOf(value) : value;

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
