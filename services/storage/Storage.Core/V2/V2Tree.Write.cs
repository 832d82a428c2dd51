using System.Text;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Apply;
using Storage.Core.History;

namespace Storage.Core.V2;

/// <summary>The writes of the v2 API. Each either takes one index or answers an error and changes nothing.</summary>
public sealed partial class V2Tree
{
    /// <summary>Applies one write. The clock shows remaining TTLs in the event; deadlines are in the command.</summary>
    public Reply Write(V2Write write, long nowUnixNanos, ApplySpan? span)
    {
        var call = new Call(write, nowUnixNanos, span);
        return write.Operation switch
        {
            V2Write.Types.Operation.Set => Set(call),
            V2Write.Types.Operation.Create => Create(call, write.Path, "create", replaced: null, write.Value.ToByteArray()),
            V2Write.Types.Operation.CreateInOrder =>
                Create(call, V2Path.Join(write.Path, (Index + 1).ToString("D20")), "create", replaced: null, write.Value.ToByteArray()),
            V2Write.Types.Operation.Update => Update(call),
            V2Write.Types.Operation.CompareAndSwap => CompareAndSwap(call),
            V2Write.Types.Operation.Delete => Delete(call),
            V2Write.Types.Operation.CompareAndDelete => CompareAndDelete(call),
            _ => new Reply(StorageError.Malformed),
        };
    }

    private readonly record struct Call(V2Write Write, long NowUnixNanos, ApplySpan? Span)
    {
        public string Path => Write.Path;
        public bool IsRoot => Write.Path == V2Path.Root;
        public long? Deadline => Write.HasExpiresAtUnixNanos ? Write.ExpiresAtUnixNanos : null;
    }

    private Reply Set(in Call call)
    {
        if (call.IsRoot)
            return Fail(V2Error.RootIsReadOnly, V2Path.Root);
        var previous = Find(call.Path, out var error);
        if (error is { Code: not V2Error.KeyNotFound })
            return Fail(error);
        if (call.Write.Refresh && error is not null)
            return Fail(error);
        if (previous is { IsDirectory: true })
            return Fail(V2Error.NotAFile, call.Path);
        var value = call.Write.Refresh ? previous!.Value : call.Write.Value.ToByteArray();
        return Create(call, call.Path, "set", previous, value);
    }

    // Creates a node and its missing parents; a file at the path goes when it is given as replaced.
    private Reply Create(in Call call, string path, string action, V2Node? replaced, byte[] value)
    {
        if (path == V2Path.Root)
            return Fail(V2Error.RootIsReadOnly, V2Path.Root);
        var existing = Find(path, out var error);
        if (error is { Code: V2Error.NotADirectory })
            return Fail(error);
        if (existing is not null && replaced is null)
            return Fail(V2Error.AlreadyExists, path);

        var node = Place(path, call.Write.Dir, call.Write.Dir ? [] : value, call.Deadline, replaced);
        var silent = action == "set" && call.Write.Refresh;
        return Done(call, action, node, replaced, silent ? FeedEventKind.Silent : FeedEventKind.Put, created: replaced is null);
    }

    // A new node, as of the next index, in the place of another or of none.
    private V2Node Place(string path, bool isDirectory, byte[] value, long? deadline, V2Node? replaced)
    {
        var index = Index + 1;
        CreateParents(path, index);
        var node = new V2Node(++LastNodeId, path, isDirectory, value, deadline, index, index);
        if (replaced is not null)
            RemoveNode(replaced);
        Store(node, null);
        return node;
    }

    private void CreateParents(string path, long index)
    {
        var parent = V2Path.Parent(path);
        if (parent == V2Path.Root)
            return;
        foreach (var prefix in V2Path.Prefixes(parent))
        {
            if (_nodes.Find(V2Path.Key(prefix)) is null)
                Store(new V2Node(++LastNodeId, prefix, IsDirectory: true, [], null, index, index), null);
        }
    }

    private Reply Update(in Call call)
    {
        if (call.IsRoot)
            return Fail(V2Error.RootIsReadOnly, V2Path.Root);
        var previous = Find(call.Path, out var error);
        if (previous is null)
            return Fail(error!);
        if (previous.IsDirectory && call.Write.Value.Length > 0)
            return Fail(V2Error.NotAFile, call.Path);
        if (!previous.IsDirectory)
            return ReplaceValue(call, "update", previous);

        // Only the deadline of a directory changes: the answer shows the new index, the stored node keeps its old one.
        Store(previous with { ExpiresAtUnixNanos = call.Deadline }, previous);
        var shown = previous with { ExpiresAtUnixNanos = call.Deadline, ModifiedIndex = Index + 1 };
        return Done(call, "update", shown, previous, SilentIf(call.Write.Refresh), created: false);
    }

    private Reply CompareAndSwap(in Call call)
    {
        if (call.IsRoot)
            return Fail(V2Error.RootIsReadOnly, V2Path.Root);
        var previous = Find(call.Path, out var error);
        if (previous is null)
            return Fail(error!);
        if (previous.IsDirectory)
            return Fail(V2Error.NotAFile, call.Path);
        return Mismatch(call.Write, previous) is { } mismatch ? mismatch : ReplaceValue(call, "compareAndSwap", previous);
    }

    private Reply ReplaceValue(in Call call, string action, V2Node previous)
    {
        var node = previous with
        {
            Value = call.Write.Refresh ? previous.Value : call.Write.Value.ToByteArray(),
            ExpiresAtUnixNanos = call.Deadline,
            ModifiedIndex = Index + 1,
        };
        Store(node, previous);
        return Done(call, action, node, previous, SilentIf(call.Write.Refresh), created: false);
    }

    private Reply Delete(in Call call)
    {
        if (call.IsRoot)
            return Fail(V2Error.RootIsReadOnly, V2Path.Root);
        var node = Find(call.Path, out var error);
        if (node is null)
            return Fail(error!);
        if (node.IsDirectory && !call.Write.Dir && !call.Write.Recursive)
            return Fail(V2Error.NotAFile, call.Path);
        if (node.IsDirectory && !call.Write.Recursive && !_nodes.Peek().IsEmptyDirectory(call.Path))
            return Fail(V2Error.DirectoryNotEmpty, call.Path);
        return Remove(call, "delete", node);
    }

    private Reply CompareAndDelete(in Call call)
    {
        // The root has no path of its own inside etcd's store, so this one answer comes without a cause.
        if (call.IsRoot)
            return Fail(V2Error.NotAFile, "");
        var node = Find(call.Path, out var error);
        if (node is null)
            return Fail(error!);
        if (node.IsDirectory)
            return Fail(V2Error.NotAFile, call.Path);
        return Mismatch(call.Write, node) is { } mismatch ? mismatch : Remove(call, "compareAndDelete", node);
    }

    private Reply Remove(in Call call, string action, V2Node node)
    {
        var removed = RemoveSubtree(node);
        return Done(call, action, node with { ModifiedIndex = Index + 1 }, node, FeedEventKind.Delete, created: false, removed);
    }

    private static Reply? Mismatch(V2Write write, V2Node node)
    {
        var valueDiffers = write.HasPrevValue && write.PrevValue.Length > 0 && !node.Value.AsSpan().SequenceEqual(write.PrevValue.Span);
        var indexDiffers = write.PrevIndex != 0 && write.PrevIndex != (ulong)node.ModifiedIndex;
        if (!valueDiffers && !indexDiffers)
            return null;
        var value = valueDiffers ? $"[{write.PrevValue.ToStringUtf8()} != {Encoding.UTF8.GetString(node.Value)}]" : "";
        var index = indexDiffers ? $"[{write.PrevIndex} != {node.ModifiedIndex}]" : "";
        return Fail(V2Error.CompareFailed, valueDiffers && indexDiffers ? $"{value} {index}" : value + index);
    }

    private Reply Done(in Call call, string action, V2Node node, V2Node? previous, FeedEventKind kind, bool created, RemovedPaths? removed = null)
    {
        var json = Emit(action, node, previous, kind, call.NowUnixNanos, call.Span, removed);
        if (call.Write.NoValueOnSuccess && !kind.HasFlag(FeedEventKind.Delete))
            json = Encoding.ASCII.GetBytes($"{{\"action\":\"{action}\"}}");
        return new Reply(StorageError.None, json, created ? 1 : 0);
    }

    private static FeedEventKind SilentIf(bool refresh) => refresh ? FeedEventKind.Silent : FeedEventKind.Put;

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static Reply Fail(V2Error error) => Fail(error.Code, error.Cause);

    private static Reply Fail(int code, string cause) => new(StorageError.V2, Utf8(cause), code);
}
