using EndToEnd.Tests.Tools;
using Standalone;
using Standalone.Discovery;
using Standalone.Flags;
using Standalone.Member;

namespace Hosting.Tests.Flags;

/// <summary>Goal: a configuration file says what flags say, and what is wrong with it is told in etcd's words (as etcd 3.5.30 was heard to say them).</summary>
public sealed class ConfigFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_EveryKindOfKey_IsTheFlag()
    {
        var flags = ConfigFile.Read(Written("""
            # etcd.conf.yml
            name: 'infra0'
            data-dir: /data
            heartbeat-interval: 50
            strict-reconfig-check: false
            auto-compaction-retention: "1"
            initial-cluster-token: 17
            listen-client-urls: http://10.0.0.1:2379,http://127.0.0.1:2379
            log-outputs: [stderr, /var/log/x]
            cipher-suites:
              - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
            experimental-watch-progress-notify-interval: 5000000000
            cert-file: /outside/its/block
            discovery:
            no-such-key: {a: 1}
            client-transport-security:
              cert-file: /c.pem
              key-file: /k.pem
              client-cert-auth: true
            peer-transport-security:
              trusted-ca-file: /ca.pem
              auto-tls: true
            """));
        Assert.Equal(("infra0", "/data", "50", "17"), (flags.Text("name"), flags.Text("data-dir"), flags.Text("heartbeat-interval"), flags.Text("initial-cluster-token")));
        Assert.Equal((false, "1", "5000000000ns"), (flags.Bool("strict-reconfig-check"), flags.Text("auto-compaction-retention"), flags.Text("experimental-watch-progress-notify-interval")));
        Assert.Equal(["stderr", "/var/log/x"], flags.List("log-outputs"));
        Assert.Equal(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], flags.List("cipher-suites"));
        Assert.Equal(("/c.pem", "/k.pem", true), (flags.Text("cert-file"), flags.Text("key-file"), flags.Bool("client-cert-auth")));
        Assert.Equal(("/ca.pem", true, false), (flags.Text("peer-trusted-ca-file"), flags.Bool("peer-auto-tls"), flags.IsSet("discovery")));
    }

    [Fact]
    public void Read_DiscoveryConfig_IsTheFlagsOfV3Discovery()
    {
        var flags = ConfigFile.Read(Written("""
            discovery-config:
              token: t
              no-such-key: 1
              client:
                endpoints: ["https://a:1", b:2]
                request-timeout: 1000000000
                dial-timeout: 2000000000
                keepalive-time: 3000000000
                keepalive-timeout: 4000000000
                secure:
                  cert: /c.pem
                  key: /k.pem
                  cacert: /ca.pem
                  server-name: discovery.test
                  insecure-transport: false
                  insecure-skip-tls-verify: true
                auth:
                  username: root:with-a-colon
                  password: pw
            """));
        var options = Assert.IsType<V3DiscoveryOptions>(DiscoveryFlags.Read(flags));
        Assert.Equal(("t", "root:with-a-colon", "pw"), (options.Token, options.User, options.Password));
        Assert.Equal(["https://a:1", "b:2"], options.Endpoints);
        Assert.Equal(
            (1, 2, 3, 4), (options.RequestTimeout.TotalSeconds, options.DialTimeout.TotalSeconds, options.KeepAliveTime.TotalSeconds, options.KeepAliveTimeout.TotalSeconds));
        var tls = options.Tls!;
        Assert.Equal(("/c.pem", "/k.pem", "/ca.pem", "discovery.test", true), (tls.CertFile, tls.KeyFile, tls.TrustedCaFile, tls.ServerName, tls.IsSelfSigned));
    }

    [Theory]
    [InlineData("discovery-config:")]
    [InlineData("discovery-config: {token: ~, client: ~}")]
    [InlineData("discovery-config: {client: {secure: ~, auth: {}, endpoints: []}}")]
    public void Read_DiscoveryConfigOfNothing_IsNoDiscovery(string yaml) => Assert.Null(DiscoveryFlags.Read(ConfigFile.Read(Written(yaml + "\n"))));

    [Theory]
    [InlineData("{token: t}", "both --discovery-token and --discovery-endpoints must be set")]
    [InlineData("{client: {endpoints: [a]}}", "both --discovery-token and --discovery-endpoints must be set")]
    [InlineData("{token: t, client: {endpoints: [a, '']}}", "--discovery-endpoints must not contain empty endpoints")]
    [InlineData("{token: t, client: {endpoints: ['']}}", "--discovery-endpoints must not contain empty endpoints")]
    [InlineData("{token: t, client: {endpoints: [a]}}\ndiscovery-srv: d", "multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", \"discovery\" or \"discovery-srv\"")]
    public void Read_DiscoveryConfigThatContradicts_IsRefused(string block, string text) =>
        Assert.Equal(text, Assert.Throws<StartRefusedException>(() => DiscoveryFlags.Read(ConfigFile.Read(Written($"discovery-config: {block}\n")))).Message);

    [Theory]
    [InlineData("5", "number", "configYAML.Config.discovery-config", "v3discovery.DiscoveryConfig")]
    [InlineData("{token: [t]}", "array", "DiscoveryConfig.Config.discovery-config.token", "string")]
    [InlineData("{client: [x]}", "array", "DiscoveryConfig.Config.discovery-config.client", "clientv3.ConfigSpec")]
    [InlineData("{client: {endpoints: 'a:1'}}", "string", "ConfigSpec.Config.discovery-config.client.endpoints", "[]string")]
    [InlineData("{client: {endpoints: [{a: 1}]}}", "object", "ConfigSpec.Config.discovery-config.client.endpoints", "string")]
    [InlineData("{client: {secure: true}}", "bool", "ConfigSpec.Config.discovery-config.client.secure", "clientv3.SecureConfig")]
    [InlineData("{client: {secure: {insecure-transport: 'no'}}}", "string", "SecureConfig.Config.discovery-config.client.secure.insecure-transport", "bool")]
    [InlineData("{client: {auth: {password: {}}}}", "object", "AuthConfig.Config.discovery-config.client.auth.password", "string")]
    public void Read_DiscoveryConfigOfAnotherForm_IsRefusedInGosWords(string block, string kind, string field, string type) => Assert.Equal(
        $"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go struct field {field} of type {type}", Refusal(Written($"discovery-config: {block}\n")));

    [Fact]
    public void Read_Json_IsReadAsWell() =>
        Assert.Equal("a", ConfigFile.Read(Written("""{"name": "a", "client-transport-security": {"auto-tls": true}}""")).Text("name"));

    [Fact]
    public void Parse_FileGiven_PutsFlagsAndVariablesOutOfForce()
    {
        var file = Written("name: fromfile\n");
        var variables = new Dictionary<string, string> { ["ETCD_NAME"] = "fromenv", ["ETCD_DATA_DIR"] = "/env" };
        foreach (var commandLine in (CommandLine[])
            [
                FlagParser.Parse(["--config-file", file, "--name", "fromflag"], variables),
                FlagParser.Parse([$"--config-file={file}"], variables),
                FlagParser.Parse(["--name", "fromflag"], new Dictionary<string, string>(variables) { ["ETCD_CONFIG_FILE"] = file }),
            ])
        {
            Assert.Equal(("fromfile", "", file), (commandLine.Flags.Text("name"), commandLine.Flags.Text("data-dir"), commandLine.Flags.File));
            Assert.Empty(commandLine.Warnings);
        }
    }

    [Fact]
    public void Verify_ListenUrlsOfAFile_NeedNoAdvertisedOnes() =>
        Assert.Equal(
            [5], MemberVerification.Verify(ConfigFile.Read(Written("listen-client-urls: http://127.0.0.1:5\n"))).ClientEndpoints.Select(port => ((System.Net.IPEndPoint)port.EndPoint).Port));

    [Theory]
    [InlineData("listen-client-urls: foo", "unexpected error setting up listen-client-urls: URL scheme must be http, https, unix, or unixs: foo")]
    [InlineData(
        "heartbeat-interval: abc",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field configYAML.Config.heartbeat-interval of type uint")]
    [InlineData(
        "log-outputs: stdout",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field configYAML.Config.log-outputs of type []string")]
    [InlineData(
        "client-transport-security: 5",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go struct field configYAML.configJSON.client-transport-security of type embed.securityConfig")]
    [InlineData(
        "peer-transport-security: {client-cert-auth: 'no'}",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field securityConfig.configJSON.peer-transport-security.client-cert-auth of type bool")]
    [InlineData("initial-cluster-state: foo", "unexpected clusterState \"foo\"")]
    public void Read_NoValueOfTheKey_IsRefusedInEtcdsWords(string yaml, string text) => Assert.Equal(text, Refusal(Written(yaml + "\n")));

    [Fact]
    public void Read_NoYaml_IsRefusedWithItsLine()
    {
        Assert.StartsWith("error converting YAML to JSON: yaml: line 2: ", Refusal(Written("name: x\n  y: z\n")), StringComparison.Ordinal);
        Assert.StartsWith("error converting YAML to JSON: yaml: ", Refusal(Written("name: [a\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoFile_IsRefusedInEtcdsWords()
    {
        Assert.Equal("open /nope: no such file or directory", Refusal("/nope"));
        Assert.Equal($"read {_folder.Path}: is a directory", Refusal(_folder.Path));
    }

    [Fact]
    public void Read_EmptyFile_SetsNothing() => Assert.Equal("default", ConfigFile.Read(Written("")).Text("name"));

    private static string Refusal(string path)
    {
        var refused = Assert.Throws<StartRefusedException>(() => ConfigFile.Read(path));
        Assert.Equal(1, refused.ExitCode);
        return refused.Message;
    }

    private string Written(string yaml)
    {
        var path = _folder.Sub("etcd.conf.yml");
        File.WriteAllText(path, yaml);
        return path;
    }
}
