using System.Text;
using Storage.Core.Mvcc;
using Storage.Core.V2;

namespace Storage.Core.Mapping;

/// <summary>
/// Compares the rows of both key spaces: first all revisions in their order, then all v2 nodes. Holds the values of the keys below the prefix, as the v2 tree does.
/// </summary>
internal sealed class MappedComparison(MappedKeys mapped)
{
    // By key, one character for each byte.
    private readonly Dictionary<string, byte[]> _values = [];
    private string? _different;

    /// <summary>Files that are keys, as far as was looked at.</summary>
    public long Files { get; private set; }

    /// <summary>After all rows: a v3 key that is only on one side, or has another value on the other; null: there is none.</summary>
    public string? Different => _different ?? (_values.Count == 0 ? null : Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(_values.Keys.First())));

    /// <summary>A row of the revisions; what is no record is passed over.</summary>
    public void LookAtRevision(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!RevisionKey.TryRead(key, out _, out var isTombstone) || !KeyValueRecord.TryRead(value, out var record) || !mapped.Includes(record.Key))
            return;
        if (isTombstone)
            _values.Remove(Name(record.Key));
        else
            _values[Name(record.Key)] = record.Value.ToArray();
    }

    public void LookAtNode(V2Node node)
    {
        if (node.IsDirectory || !MappedKeys.Maps(node.Path))
            return;
        Files++;
        var key = mapped.Key(node.Path);
        if (!_values.Remove(Name(key), out var value) || !value.AsSpan().SequenceEqual(node.Value))
            _different ??= Encoding.UTF8.GetString(key);
    }

    private static string Name(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);
}
