using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.V2;

namespace Storage.Core.Mapping;

/// <summary>Which v3 key a v2 file is: the prefix, then the path. What v2 lists is mapped; its hidden nodes and its users are not. Immutable.</summary>
/// <param name="prefix">Without a slash at its end; may be empty.</param>
internal sealed class MappedKeys(string prefix)
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);

    public string Prefix => prefix;

    /// <summary>Is a file at this path a v3 key?</summary>
    public static bool Maps(string path) => !path.Contains("/_", StringComparison.Ordinal) && !V2Internal.Contains(path);

    /// <summary>Does the key belong to v2? Whether it can be one of its keys is another question.</summary>
    public bool Includes(ReadOnlySpan<byte> key) => key.Length > _prefix.Length && key.StartsWith(_prefix) && key[_prefix.Length] == '/';

    /// <summary>The path of a key that <see cref="Includes"/>; false: it is none that a v2 request could name and a listing would show.</summary>
    public bool TryPath(ReadOnlySpan<byte> key, [NotNullWhen(true)] out string? path)
    {
        path = null;
        var bytes = key[_prefix.Length..];
        if (!Utf8.IsValid(bytes))
            return false;
        path = Encoding.UTF8.GetString(bytes);
        return V2Path.IsClean(path) && Maps(path);
    }

    /// <summary>The key of a path.</summary>
    public byte[] Key(string path) => Encoding.UTF8.GetBytes(prefix + path);

    /// <summary>All keys below a directory, the root included.</summary>
    public KeyRange Below(string directory)
    {
        var parent = directory == V2Path.Root ? _prefix : Key(directory);
        byte[] from = [.. parent, (byte)'/'], end = [.. parent, '/' + 1];
        return new KeyRange(from, end);
    }
}
