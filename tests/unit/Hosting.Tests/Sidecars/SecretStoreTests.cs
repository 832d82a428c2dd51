using System.Net;
using System.Net.Sockets;
using Hosting.Settings;
using Hosting.Sidecars;
using Microsoft.Extensions.Configuration;
using WatchHub.Host;

namespace Hosting.Tests.Sidecars;

/// <summary>Goal: a hub finds its secrets in a store of Dapr's, and says in a line when it cannot. Method: the SDK against a fake of the sidecar's API.</summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class SecretStoreTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int FailedPrecondition = 9, Unavailable = 14;

    private readonly FakeSecrets _sidecar = new();

    public Task InitializeAsync() => _sidecar.StartAsync();

    public async Task DisposeAsync() => await _sidecar.DisposeAsync();

    [Fact]
    public void AddTo_TakesTheSettingsOfThisProcess()
    {
        _sidecar.Known.AddRange(
        [
            ("vault", "feed", "Feed__Password", "hush"), ("vault", "user", "feed:user", "ann"), ("vault", "theirs", "Storage:DataDir", "/theirs"), ("vault", "urls", "urls", "http://+:80"),
            ("another", "feed", "Feed:From", "oldest"),
        ]);
        using var configuration = Configuration();
        SecretStore.AddTo(configuration, WatchHubSettings.All);
        Assert.Equal(("hush", "ann"), (configuration["Feed:Password"], configuration["Feed:User"]));
        Assert.All((string[])["Storage:DataDir", "urls", "Feed:From"], key => Assert.Null(configuration[key]));
    }

    [Fact]
    public void AddTo_WhatIsGivenOtherwise_CountsMore()
    {
        _sidecar.Known.Add(("vault", "feed", "Feed:Password", "hush"));
        using var configuration = Configuration(("Feed:Password", "given"));
        SecretStore.AddTo(configuration, WatchHubSettings.All);
        Assert.Equal("given", configuration["Feed:Password"]);
    }

    [Fact]
    public void AddTo_MistakesInTheStore_AreToldWithoutShowingIt()
    {
        _sidecar.Known.AddRange([("vault", "feed", "Feed:Pasword", "hush"), ("vault", "feed", "Feed:From", "hush")]);
        using var configuration = Configuration(("Services:Storage", "http://s:1"));
        var settings = SecretStore.AddTo(configuration, WatchHubSettings.All);
        Assert.Equal(["Feed:From must be now or oldest", "Feed:Pasword is no setting: did you mean Feed:Password?"], SettingsCheck.Complaints(configuration, settings));
    }

    [Fact]
    public void AddTo_TwoValuesOfASetting_AreRefusedWithoutShowingThem()
    {
        _sidecar.Known.AddRange([("vault", "one", "Feed:Password", "hush"), ("vault", "two", "Feed__Password", "hush-hush")]);
        Assert.Equal("Dapr:SecretStore: \"vault\" has several values of Feed:Password", Refusal());
    }

    [Theory]
    [InlineData("token-1", "token-1")]
    [InlineData("", "")]
    public void AddTo_ShowsTheToken(string token, string shown)
    {
        using var configuration = Configuration(("DAPR_API_TOKEN", token));
        SecretStore.AddTo(configuration, WatchHubSettings.All);
        Assert.Equal([shown], _sidecar.Tokens);
    }

    [Fact]
    public void AddTo_SidecarIsNotReadyYet_WaitsForIt()
    {
        _sidecar.Known.Add(("vault", "feed", "Feed:Password", "hush"));
        _sidecar.Refuse(Unavailable, "not yet");
        using var configuration = Configuration();
        SecretStore.AddTo(configuration, WatchHubSettings.All);
        Assert.Equal("hush", configuration["Feed:Password"]);
    }

    [Fact]
    public void AddTo_NoSuchStore_SaysSoAtOnce()
    {
        _sidecar.Refuse(FailedPrecondition, "secret store is not\nconfigured");
        Assert.Equal($"Dapr:SecretStore: the secrets of \"vault\" cannot be read from the sidecar at {_sidecar.Address}: secret store is not configured", Refusal());
        Assert.Single(_sidecar.Tokens);
    }

    [Fact]
    public void AddTo_SidecarIsSilent_IsNotWaitedForLonger()
    {
        _sidecar.Freeze();
        Assert.Equal(
            $"Dapr:SecretStore: the secrets of \"vault\" cannot be read from the sidecar at {_sidecar.Address}: it does not answer", Refusal(("Dapr:SecretPatience", "300ms")));
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("1000000h")]
    public void AddTo_PatienceThatIsNone_IsRefused(string patience)
    {
        Assert.Equal($"Dapr:SecretPatience must be more than 0s and at most 1h, not \"{patience}\"", Refusal(("Dapr:SecretPatience", patience)));
        Assert.Empty(_sidecar.Tokens);
    }

    [Fact]
    public void AddTo_NoSidecar_SaysSo()
    {
        // Nobody listens where a listener was a moment ago and its socket still is.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        var refusal = Refusal(("Dapr:SecretPatience", "300ms"), ("DAPR_GRPC_ENDPOINT", ""), ("DAPR_GRPC_PORT", $"{port}"));
        Assert.StartsWith($"Dapr:SecretStore: the secrets of \"vault\" cannot be read from the sidecar at http://127.0.0.1:{port}: ", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal);
    }

    [Fact]
    public void AddTo_MistakeInWhatLeadsThere_IsLeftToTheCheckOfAll()
    {
        using var configuration = Configuration(("Dapr:SecretPatience", "long"), ("Dapr:Store", "x"));
        var settings = SecretStore.AddTo(configuration, ProcessSettings.All);
        Assert.Equal(["Dapr:SecretPatience must be a duration such as 1h30m or 1.5s, not \"long\"", "Dapr:Store is no setting"], SettingsCheck.Complaints(configuration, settings));
        Assert.Empty(_sidecar.Tokens);
    }

    /// <summary>A whole start, as far as the service's own parts.</summary>
    [Fact]
    public void Run_ReadsTheStoreBeforeTheServiceIsMade()
    {
        _sidecar.Known.Add(("vault", "feed", "Feed:Password", "hush"));
        string? password = null;
        var code = ServiceHost.Run(
            "watch-hub", ["--Dapr:SecretStore", "vault", "--DAPR_GRPC_ENDPOINT", _sidecar.Address, "--Services:Storage", "http://s:1"], WatchHubSettings.All,
            builder =>
            {
                password = builder.Configuration["Feed:Password"];
                throw new ConfigurationException("far enough");
            },
            static _ => { });
        Assert.Equal((1, "hush"), (code, password));
    }

    private string Refusal(params (string Key, string Value)[] given)
    {
        using var configuration = Configuration(given);
        return Assert.Throws<ConfigurationException>(() => SecretStore.AddTo(configuration, WatchHubSettings.All)).Message;
    }

    private ConfigurationManager Configuration(params (string Key, string Value)[] given)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(
            [KeyValuePair.Create("Dapr:SecretStore", (string?)"vault"), KeyValuePair.Create("DAPR_GRPC_ENDPOINT", (string?)_sidecar.Address)]);
        configuration.AddInMemoryCollection(given.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        return configuration;
    }
}
