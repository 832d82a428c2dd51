using System.Net;
using System.Net.Sockets;

namespace LeaseManager.Client.Replicated;

/// <summary>Where the managers of a cluster are: a list, or a name that stands for any number of them.</summary>
public sealed class ManagerAddresses
{
    private const string Scheme = "dns:///";

    private readonly IReadOnlyList<string> _listed;
    private readonly Uri? _name;

    private ManagerAddresses(IReadOnlyList<string> listed, Uri? name) => (_listed, _name) = (listed, name);

    /// <summary>One address is all there is, and will be.</summary>
    public string? Single => _name is null && _listed.Count == 1 ? _listed[0] : null;

    /// <summary>Reads a configuration: <c>http://host:port</c> or <c>dapr:app-id</c>, several of them separated by commas, or <c>dns:///host:port</c>.</summary>
    /// <exception cref="FormatException">It names no address.</exception>
    public static ManagerAddresses Parse(string text)
    {
        if (text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return Uri.TryCreate("http://" + text[Scheme.Length..], UriKind.Absolute, out var name) && name.PathAndQuery == "/"
                ? new ManagerAddresses([], name)
                : throw new FormatException($"\"{text}\" is no name of lease managers: dns:///host:port");
        }
        var listed = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return listed.Length > 0 && listed.All(static one => Uri.TryCreate(one, UriKind.Absolute, out _))
            ? new ManagerAddresses(listed, null)
            : throw new FormatException($"\"{text}\" names no lease managers: http://host:port, several separated by commas, or dns:///host:port");
    }

    /// <summary>The addresses as of now, each <c>http://host:port</c>; empty when a name is not known at the moment.</summary>
    public async ValueTask<IReadOnlyList<string>> ResolveAsync(CancellationToken cancellation)
    {
        if (_name is null)
            return _listed;
        try
        {
            var found = await Dns.GetHostAddressesAsync(_name.Host, cancellation).ConfigureAwait(false);
            return [.. found.Select(address => $"http://{new IPEndPoint(address, _name.Port)}").Distinct()];
        }
        catch (SocketException)
        {
            // All of them are stopped, or the name server is: whoever asks knows what it had, and asks again.
            return [];
        }
    }
}
