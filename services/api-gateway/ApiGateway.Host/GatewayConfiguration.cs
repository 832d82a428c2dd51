using System.Net;

namespace ApiGateway.Host;

/// <summary>Reads the gateway's part of a process's configuration: <c>Gateway:ListenClientUrls</c>, <c>Gateway:AdvertiseClientUrls</c>, <c>Gateway:Member</c>, <c>Gateway:ServesJson</c>.</summary>
public static class GatewayConfiguration
{
    /// <summary>Options from configuration; lists are separated by commas.</summary>
    public static GatewayOptions Read(IConfiguration configuration)
    {
        var options = new GatewayOptions();
        options.ListenClientUrls = List(configuration["Gateway:ListenClientUrls"]) ?? options.ListenClientUrls;
        options.AdvertiseClientUrls = List(configuration["Gateway:AdvertiseClientUrls"]) ?? options.AdvertiseClientUrls;
        options.Member = configuration["Gateway:Member"] ?? options.Member;
        options.ServesJson = configuration.GetValue("Gateway:ServesJson", options.ServesJson);
        return options;
    }

    /// <summary>The address of a client URL: http only, with an IP address or "localhost".</summary>
    /// <exception cref="FormatException">It is no such URL.</exception>
    public static IPEndPoint Address(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
            throw new FormatException($"{url} is no http URL to listen on");
        var host = uri.IdnHost;
        if (host == "localhost")
            return new IPEndPoint(IPAddress.Loopback, uri.Port);
        return IPAddress.TryParse(host, out var address)
            ? new IPEndPoint(address, uri.Port)
            : throw new FormatException($"expected IP in URL for binding ({url})");
    }

    private static string[]? List(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
