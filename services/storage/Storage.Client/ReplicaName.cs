using System.Net;
using System.Net.Sockets;

namespace Storage.Client;

/// <summary>A name that stands for any number of replicas: <c>dns:///host:port</c>.</summary>
public sealed class ReplicaName
{
    private const string Scheme = "dns:///";

    private readonly string _host;
    private readonly int _port;

    private ReplicaName(string host, int port) => (_host, _port) = (host, port);

    /// <summary>Any one of them, as <c>http://host:port</c>: whichever address a connection happens to get.</summary>
    public string AnyAddress => $"http://{_host}:{_port}";

    /// <summary>Reads a name; false when the text is an address of another form.</summary>
    public static bool TryParse(string text, out ReplicaName name)
    {
        name = null!;
        if (!text.StartsWith(Scheme, StringComparison.Ordinal)
            || !Uri.TryCreate("http://" + text[Scheme.Length..], UriKind.Absolute, out var uri) || uri.PathAndQuery != "/")
            return false;
        name = new ReplicaName(uri.Host, uri.Port);
        return true;
    }

    /// <summary>The addresses as of now, each <c>http://ip:port</c>, ordered; empty when the name is not known at the moment.</summary>
    public async ValueTask<IReadOnlyList<string>> ResolveAsync(CancellationToken cancellation)
    {
        try
        {
            var found = await Dns.GetHostAddressesAsync(_host, cancellation).ConfigureAwait(false);
            return [.. found.Select(address => $"http://{new IPEndPoint(address, _port)}").Distinct().Order(StringComparer.Ordinal)];
        }
        catch (SocketException)
        {
            // All of them are stopped, or the name server is: whoever asks knows what it had, and asks again.
            return [];
        }
    }
}
