using System.Net;
using Hosting.Tls;
using Standalone.Member;

namespace Standalone;

/// <summary>The few lines on a terminal that tell a person what runs where and how to call it.</summary>
internal static class Banner
{
    public static string For(MemberOptions options)
    {
        var urls = options.ClientEndpoints.Select(UrlOf).ToList();
        // curl takes no unix URLs: a port is the better example, if there is one.
        var first = urls.Find(static url => url.StartsWith("http", StringComparison.Ordinal)) ?? urls[0];
        var (curl, etcdctl) = options.ClientTls is { } tls && first.StartsWith("https", StringComparison.Ordinal) ? Trust(tls) : ("", "");
        return $"""
            Distributed {VersionText.Own}: etcd API {VersionText.Etcd}, member "{options.Name}", data in {Path.GetFullPath(options.DataDir)}
            Clients (v3 gRPC, v2 REST) connect to {string.Join(" and ", urls)}

              curl{curl} {first}/v2/keys/message -XPUT -d value="Hello world"
              curl{curl} {first}/v2/keys/message
              ETCDCTL_API=3 etcdctl --endpoints {first}{etcdctl} put message "Hello world"
              ETCDCTL_API=3 etcdctl --endpoints {first}{etcdctl} get message

            """;
    }

    // What a client has to be told to get in: how to verify this server and, if need be, who it is itself.
    private static (string Curl, string Etcdctl) Trust(TlsSettings tls)
    {
        var (curl, etcdctl) = tls.IsSelfSigned ? ($" --cacert {tls.CertFile}", $" --cacert {tls.CertFile}") : (" --cacert CA", " --cacert CA");
        return tls.DemandsCertificate ? (curl + " --cert CERT --key KEY", etcdctl + " --cert CERT --key KEY") : (curl, etcdctl);
    }

    private static string UrlOf(ListenPoint port) => port.EndPoint is IPEndPoint address ? UrlOf(address, port.Scheme) : port.Url;

    private static string UrlOf(IPEndPoint endpoint, string scheme) =>
        scheme + (endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any)
            ? new IPEndPoint(IPAddress.Loopback, endpoint.Port)
            : endpoint);
}
