using System.Buffers.Binary;
using Storage.Core.Bolt;
using Storage.Core.Tree;
using Storage.Core.V2;

namespace Storage.Core.Database;

/// <summary>Takes the v2 key space in from a database, when it has one, and checks that it is one: the state machine relies on it.</summary>
internal sealed class V2Loader(ITree tree)
{
    private const int NodeHeadBytes = 29, EventHeadBytes = 5;

    private readonly HashSet<string> _paths = [], _directories = [];
    private long _lastNodeId, _newestModified, _firstEvent, _lastEvent;

    /// <summary>Numbers of the key space: the index it began with, the newest, and the ids given to nodes.</summary>
    public (long InitialIndex, long Index, long LastNodeId) Numbers { get; private set; }

    /// <summary>The database has the buckets.</summary>
    public bool HasNumbers { get; private set; }

    public void LoadNode(BoltCursor row)
    {
        var record = row.Value;
        Require(row.Key.Length == sizeof(long) && HasText(record, NodeHeadBytes, 25), "a row that is no node");
        var node = V2Node.Decode(row.Key, record);
        Require(node.Id > _lastNodeId && node.Encode().AsSpan().SequenceEqual(record), "a row that is no node");
        Require(node.Path is ['/', .., not '/'] && !node.Path.Contains("//", StringComparison.Ordinal), "a node without a path");
        Require(_paths.Add(node.Path), "two nodes of one path");
        if (node.IsDirectory)
            _directories.Add(node.Path);
        _lastNodeId = node.Id;
        _newestModified = Math.Max(_newestModified, Math.Max(node.ModifiedIndex, node.CreatedIndex));
        tree.Put(TableId.V2Nodes, row.Key, record);
    }

    public void LoadEvent(BoltCursor row)
    {
        Require(row.Key.Length == sizeof(long) && HasText(row.Value, EventHeadBytes, 1), "a row that is no event");
        var index = BinaryPrimitives.ReadInt64BigEndian(row.Key);
        Require(index > 0 && (_lastEvent == 0 || index == _lastEvent + 1), "events with a gap");
        if (_lastEvent == 0)
            _firstEvent = index;
        _lastEvent = index;
        tree.Put(TableId.V2Events, row.Key, row.Value);
    }

    public void LoadNumber(BoltCursor row)
    {
        Require(row.Value.Length == sizeof(long), "a number that is none");
        var value = BinaryPrimitives.ReadInt64BigEndian(row.Value);
        Require(value >= 0, "a number that is none");
        HasNumbers = true;
        if (row.Key.SequenceEqual(V2Buckets.InitialIndex))
            Numbers = Numbers with { InitialIndex = value };
        else if (row.Key.SequenceEqual(V2Buckets.Index))
            Numbers = Numbers with { Index = value };
        else if (row.Key.SequenceEqual(V2Buckets.LastNodeId))
            Numbers = Numbers with { LastNodeId = value };
    }

    /// <summary>Checks what only the whole can show.</summary>
    public void Finish()
    {
        var (initial, index, lastNodeId) = Numbers;
        Require(HasNumbers || (_paths.Count == 0 && _lastEvent == 0), "rows and no numbers");
        Require(index >= initial && lastNodeId >= _lastNodeId && index >= _newestModified, "rows beyond its numbers");
        var firstKept = Math.Max(initial, index - V2Tree.EventsKept) + 1;
        Require(index == initial ? _lastEvent == 0 : _lastEvent == index && _firstEvent == firstKept, "events missing");
        foreach (var path in _paths)
        {
            var parent = V2Path.Parent(path);
            Require(parent == V2Path.Root || _directories.Contains(parent), "a node outside of all directories");
        }
    }

    // The text's length stands at an offset of the head, and its bytes behind the head.
    private static bool HasText(ReadOnlySpan<byte> record, int headBytes, int lengthAt)
    {
        if (record.Length < headBytes)
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(record[lengthAt..]);
        return length > 0 && length <= record.Length - headBytes
            && System.Text.Unicode.Utf8.IsValid(record.Slice(headBytes, length));
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new BoltDamagedException($"the v2 key space has {otherwise}");
    }
}
