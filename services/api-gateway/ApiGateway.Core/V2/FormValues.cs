using System.Text;

namespace ApiGateway.Core.V2;

/// <summary>
/// The parameters of a request, from a form body and the query string. Where both have a name, the body's value wins; of
/// several values the first.
/// </summary>
public sealed class FormValues
{
    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    /// <summary>Adds the pairs of a query string or form body; "" or the text of the first error. Pairs around a bad one are kept, as Go keeps them.</summary>
    public string Add(ReadOnlySpan<byte> encoded)
    {
        var error = "";
        foreach (var range in encoded.Split((byte)'&'))
        {
            var pair = encoded[range];
            if (pair.Contains((byte)';'))
            {
                error = First(error, "invalid semicolon separator in query");
                continue;
            }
            if (pair.Length == 0)
                continue;
            var equals = pair.IndexOf((byte)'=');
            var rawName = equals < 0 ? pair : pair[..equals];
            var rawValue = equals < 0 ? default : pair[(equals + 1)..];
            if (!UrlText.TryDecode(rawName, plusIsSpace: true, out var name, out var bad)
                || !UrlText.TryDecode(rawValue, plusIsSpace: true, out var value, out bad))
            {
                error = First(error, $"invalid URL escape \"{bad}\"");
                continue;
            }
            _values.TryAdd(Encoding.UTF8.GetString(name), value);
        }
        return error;
    }

    /// <summary>As above, for text.</summary>
    public string Add(string encoded) => Add(Encoding.UTF8.GetBytes(encoded));

    /// <summary>The value, null when the name was not given. Bytes that are no UTF-8 have become U+FFFD.</summary>
    public string? Find(string name) => FindBytes(name) is { } value ? Encoding.UTF8.GetString(value) : null;

    /// <summary>The value as it was sent, null when the name was not given.</summary>
    public byte[]? FindBytes(string name) => _values.GetValueOrDefault(name);

    private static string First(string earlier, string later) => earlier.Length > 0 ? earlier : later;
}
