namespace ApiGateway.Core.V2;

/// <summary>
/// The parameters of a request, from a form body and the query string. Where both have a name, the body's value wins; of
/// several values the first.
/// </summary>
public sealed class FormValues
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Adds the pairs of a query string or form body; "" or the text of the first error. Pairs around a bad one are kept, as Go keeps them.</summary>
    public string Add(string encoded)
    {
        var error = "";
        foreach (var pair in encoded.Split('&'))
        {
            if (pair.Contains(';', StringComparison.Ordinal))
            {
                error = First(error, "invalid semicolon separator in query");
                continue;
            }
            if (pair.Length == 0)
                continue;
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var rawName = equals < 0 ? pair : pair[..equals];
            var rawValue = equals < 0 ? "" : pair[(equals + 1)..];
            if (!UrlText.TryDecode(rawName, plusIsSpace: true, out var name, out var bad)
                || !UrlText.TryDecode(rawValue, plusIsSpace: true, out var value, out bad))
            {
                error = First(error, $"invalid URL escape \"{bad}\"");
                continue;
            }
            _values.TryAdd(name, value);
        }
        return error;
    }

    /// <summary>The value, null when the name was not given.</summary>
    public string? Find(string name) => _values.GetValueOrDefault(name);

    private static string First(string earlier, string later) => earlier.Length > 0 ? earlier : later;
}
