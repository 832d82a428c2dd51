using System.Net;
using System.Net.Sockets;
using Hosting.Listening;

namespace Hosting.Tests.Listening;

public sealed class ListenTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("http://localhost:81", "127.0.0.1:81")]
    [InlineData("http://*:82", "0.0.0.0:82")]
    [InlineData("http://+:83", "0.0.0.0:83")]
    [InlineData("http://[::1]:84", "[::1]:84")]
    [InlineData("https://127.0.0.1:85", "127.0.0.1:85")]
    public void Parse_Address_IsRead(string url, string endpoint) => Assert.Equal(endpoint, ListenAddress.Parse(url).ToString());

    [Theory]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://example.com:1")]
    [InlineData("8080")]
    public void Parse_AnythingElse_IsRefused(string url) => Assert.Throws<ConfigurationException>(() => ListenAddress.Parse(url));

    [Fact]
    public void Probe_BusyAndFreePort_TellsThemApart()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var endpoint = (IPEndPoint)busy.LocalEndpoint;
        Assert.Equal($"listen tcp {endpoint}: bind: address already in use", ListenFailure.Probe([endpoint]));
        busy.Stop();
        Assert.Null(ListenFailure.Probe([endpoint]));
    }
}
