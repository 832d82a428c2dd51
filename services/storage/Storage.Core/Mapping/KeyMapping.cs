using System.Text;
using Storage.Contracts;
using Storage.Core.History;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.Tree;
using Storage.Core.V2;

namespace Storage.Core.Mapping;

/// <summary>
/// v2 keys that are v3 keys, once a prefix is set: each change on one side is made on the other by the same command, at one log index. Single owner.
/// </summary>
/// <remarks>
/// Invariant, after every command: the files that v2 lists are the v3 keys below the prefix, with the same values. Each v2 event that changes one of them makes one revision; each
/// change of a revision makes one event.
/// </remarks>
internal sealed class KeyMapping
{
    private readonly ITree _tree;
    private readonly MvccStore _store;
    private readonly V2Tree _v2;
    private MappedKeys? _keys;

    // What v2 does is not what a client did there: v3 has it already.
    private bool _isFollowing;

    public KeyMapping(ITree tree, MvccStore store, V2Tree v2)
    {
        (_tree, _store, _v2) = (tree, store, v2);
        v2.OnEvent = FollowV2;
    }

    /// <summary>The row of the Meta table that holds the prefix and a slash.</summary>
    internal static ReadOnlySpan<byte> RowKey => "v2-mapping"u8;

    /// <summary>Without a slash at its end; null: the two key spaces know nothing of each other.</summary>
    public string? Prefix => _keys?.Prefix;

    /// <summary>What is to be asked before a command changes v3 keys; null: nothing.</summary>
    public MappedCheck? NewCheck() => _keys is { } keys ? new MappedCheck(keys, _v2) : null;

    /// <summary>Takes over what is stored, at start.</summary>
    public void Load(ITreeSnapshot snapshot)
    {
        if (snapshot.TryGet(TableId.Meta, RowKey, out var stored))
            _keys = new MappedKeys(Encoding.UTF8.GetString(stored[..^1]));
    }

    /// <summary>Sets the prefix. v2 and the keys below it must be empty, or be made alike by the two methods that follow.</summary>
    public void Begin(MappedKeys keys)
    {
        Invariant.Holds(_keys is null);
        _tree.Put(TableId.Meta, RowKey, Encoding.UTF8.GetBytes(keys.Prefix + '/'));
        _keys = keys;
    }

    /// <summary>A file of before the mapping becomes a key, at a revision of its own.</summary>
    public void TakeIn(V2Node file, ApplySpan? span) => FollowV2(file, previous: null, FeedEventKind.Put, span);

    /// <summary>A key of before the mapping becomes a file.</summary>
    public void TakeIn(ReadOnlySpan<byte> key, byte[] value, long nowUnixNanos, ApplySpan? span)
    {
        Invariant.Holds(_keys!.TryPath(key, out var path));
        _isFollowing = true;
        _v2.FollowPut(path, value, nowUnixNanos, span);
        _isFollowing = false;
    }

    /// <summary>The command under way ends a revision: v2 does what it did, in its order.</summary>
    public void FollowV3(bool isExpiry, long nowUnixNanos, ApplySpan? span)
    {
        if (_keys is not { } keys)
            return;
        _isFollowing = true;
        foreach (var change in _store.Changes)
        {
            Invariant.Holds(KeyValueRecord.TryRead(change.Record.Span, out var record));
            if (!keys.Includes(record.Key))
                continue;
            Invariant.Holds(keys.TryPath(record.Key, out var path));
            if (change.IsTombstone)
                _v2.FollowDelete(path, isExpiry ? "expire" : "delete", nowUnixNanos, span);
            else
                _v2.FollowPut(path, record.Value.ToArray(), nowUnixNanos, span);
        }
        _isFollowing = false;
    }

    private void FollowV2(V2Node node, V2Node? previous, FeedEventKind kind, ApplySpan? span)
    {
        if (_keys is not { } keys || _isFollowing || !MappedKeys.Maps(node.Path))
            return;
        if (kind.HasFlag(FeedEventKind.Delete) && node.IsDirectory)
            DeleteBelow(keys.Below(node.Path));
        else if (kind.HasFlag(FeedEventKind.Delete) || (node.IsDirectory && previous is { IsDirectory: false }))
            _store.Delete(keys.Key(node.Path));
        // A refresh leaves the value as it is, and nobody is to hear of it.
        else if (!node.IsDirectory && !kind.HasFlag(FeedEventKind.Silent))
            _store.Put(keys.Key(node.Path), node.Value, lease: 0);
        _store.EndRevision(span);
    }

    private void DeleteBelow(in KeyRange range)
    {
        var doomed = new List<byte[]>();
        var keys = LiveKeys.In(_store.Keys, range, _store.Revision);
        while (keys.MoveNext())
            doomed.Add(keys.Key.ToArray());
        foreach (var key in doomed)
            _store.Delete(key);
    }
}
