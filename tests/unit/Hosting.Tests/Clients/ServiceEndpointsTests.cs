using Hosting.Clients;
using Microsoft.Extensions.Configuration;

namespace Hosting.Tests.Clients;

public sealed class ServiceEndpointsTests
{
    private static ServiceEndpoints With(params (string Key, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build());

    [Fact]
    public void Channel_AskedTwice_IsTheSame()
    {
        using var endpoints = With(("Services:Storage", "http://127.0.0.1:9"));
        Assert.Same(endpoints.Channel("Storage"), endpoints.Channel("Storage"));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("false", 0)]
    [InlineData("true", null)]
    public void First_IsTheFirstUnlessTheySpread(string spread, int? first)
    {
        using var endpoints = With(("Services:Spread", spread));
        Assert.Equal(first, endpoints.First);
    }

    [Fact]
    public void First_NeitherTrueNorFalse_IsRefused()
    {
        using var endpoints = With(("Services:Spread", "perhaps"));
        Assert.Equal("Services:Spread must be true or false, not \"perhaps\"", Assert.Throws<ConfigurationException>(() => endpoints.First).Message);
    }

    [Fact]
    public void Channel_NotConfigured_SaysWhatToSet()
    {
        using var endpoints = With();
        Assert.Contains("Services__Storage", Assert.Throws<ConfigurationException>(() => endpoints.Channel("Storage")).Message, StringComparison.Ordinal);
    }
}
