using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.V2;

namespace Storage.Core.Mapping;

/// <summary>
/// Whether the v2 tree can follow one v3 command: its puts and deletes are told in their order, before any is carried out. A file cannot lie below a file, nor in the
/// place of a directory; a directory outlives its files. For one command.
/// </summary>
internal sealed class MappedCheck(MappedKeys keys, V2Tree tree)
{
    // What the puts so far leave at a path: a file, as of which step, or a directory, null.
    private readonly Dictionary<string, int?> _placed = [];
    private readonly List<(byte[] Key, byte[] End, int Step)> _deleted = [];
    private int _steps;

    public StorageError Put(ReadOnlySpan<byte> key)
    {
        if (!keys.Includes(key))
            return StorageError.None;
        if (!keys.TryPath(key, out var path))
            return StorageError.MappedKeyInvalid;
        for (var above = V2Path.Parent(path); above != V2Path.Root; above = V2Path.Parent(above))
        {
            if (IsFile(above))
                return StorageError.MappedKeyBelowFile;
        }
        if (IsDirectory(path))
            return StorageError.MappedKeyIsDirectory;
        // Where a file was put and deleted again, too.
        for (var above = V2Path.Parent(path); above != V2Path.Root; above = V2Path.Parent(above))
            _placed[above] = null;
        _placed[path] = ++_steps;
        return StorageError.None;
    }

    public void Delete(in KeyRange range) => _deleted.Add((range.Key.ToArray(), range.End.ToArray(), ++_steps));

    private bool IsDirectory(string path) =>
        _placed.TryGetValue(path, out var step) ? step is null : tree.Find(path) is { IsDirectory: true };

    private bool IsFile(string path)
    {
        if (!_placed.TryGetValue(path, out var step))
            step = tree.Find(path) is { IsDirectory: false } ? 0 : null;
        if (step is not { } since)
            return false;
        var key = keys.Key(path);
        foreach (var (from, end, at) in _deleted)
        {
            if (at > since && new KeyRange(from, end).Contains(key))
                return false;
        }
        return true;
    }
}
