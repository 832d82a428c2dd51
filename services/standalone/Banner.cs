using System.Net;
using Standalone.Member;

namespace Standalone;

/// <summary>The few lines on standard output that tell a person what runs where and how to call it.</summary>
internal static class Banner
{
    public static string For(MemberOptions options)
    {
        var urls = options.ClientEndpoints.Select(UrlOf).ToList();
        var first = urls[0];
        return $"""
            Distributed {VersionText.Own}: etcd API {VersionText.Etcd}, member "{options.Name}", data in {Path.GetFullPath(options.DataDir)}
            Clients (v3 gRPC, v2 REST) connect to {string.Join(" and ", urls)}

              curl {first}/v2/keys/message -XPUT -d value="Hello world"
              curl {first}/v2/keys/message
              ETCDCTL_API=3 etcdctl --endpoints {first} put message "Hello world"
              ETCDCTL_API=3 etcdctl --endpoints {first} get message

            """;
    }

    private static string UrlOf(IPEndPoint endpoint) =>
        "http://" + (endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any)
            ? new IPEndPoint(IPAddress.Loopback, endpoint.Port)
            : endpoint);
}
