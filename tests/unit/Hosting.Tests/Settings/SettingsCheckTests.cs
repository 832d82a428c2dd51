using ApiGateway.Host;
using Consensus.Host;
using Hosting.Settings;
using LeaseManager.Host;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Storage.Host;
using WatchHub.Host;

namespace Hosting.Tests.Settings;

/// <summary>Mistakes in settings: each has its line, and none hides another.</summary>
public sealed class SettingsCheckTests
{
    private static readonly Setting[] s_settings =
    [
        new("LogLevel", SettingKind.Choice, "info", "the least that is logged") { Choices = ["debug", "info"] },
        new("Own:Folder", SettingKind.Text, "", "where") { IsRequired = true },
        new("Own:Count", SettingKind.Count, "1", "how many") { Min = 1, Max = 9 },
        new("Own:AtLeast", SettingKind.Count, "1", "how many") { Min = 1 },
        new("Own:Any", SettingKind.Count, "0", "how many") { Min = long.MinValue },
        new("Own:Wait", SettingKind.Duration, "1s", "how long"),
        new("Own:Flag", SettingKind.Flag, "false", "whether"),
        new("Own:Share", SettingKind.Share, "1", "how much"),
        new("Own:Listen", SettingKind.Listen, "", "where"),
        new("Own:Clients", SettingKind.ClientUrls, "", "where"),
        new("Own:Url", SettingKind.Url, "", "where"),
        new("Own:Urls", SettingKind.Urls, "", "where"),
        new("Own:Secret", SettingKind.Count, "", "what nobody else knows") { IsSecret = true },
        new("Services:Other", SettingKind.Service, "", "where the other is"),
        new("Services:App", SettingKind.ServiceOrApp, "", "where it is"),
    ];

    private static IReadOnlyList<string> Complaints(params (string Key, string Value)[] given) => SettingsCheck.Complaints(
        Configuration([("Own:Folder", "data"), .. given]), s_settings);

    private static IConfiguration Configuration(params (string Key, string Value)[] given) => new ConfigurationBuilder()
        .AddInMemoryCollection(given.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();

    [Theory]
    [InlineData("LogLevel", "loud", "debug or info")]
    [InlineData("Own:Count", "10", "a whole number from 1 to 9")]
    [InlineData("Own:Count", "many", "a whole number from 1 to 9")]
    [InlineData("Own:AtLeast", "0", "a whole number of at least 1")]
    [InlineData("Own:Any", "1.5", "a whole number")]
    [InlineData("Own:Wait", "5 minutes", "a duration such as 1h30m or 1.5s")]
    [InlineData("Own:Flag", "yes", "true or false")]
    [InlineData("Own:Share", "1.1", "a number from 0 to 1")]
    [InlineData("Own:Listen", "http://name:80", "an http or https URL with an IP address, localhost, * or +, and a port")]
    [InlineData("Own:Clients", "http://127.0.0.1:1,ftp://127.0.0.1:2", "URLs between commas, http or https with an IP address or localhost, unix or unixs")]
    [InlineData("Own:Url", "collector:4317", "an http or https URL")]
    [InlineData("Own:Urls", "http://a,b", "http or https URLs between commas")]
    [InlineData("Services:Other", "other:8080", "http://host:port, several of them between commas, or dns:///host:port")]
    [InlineData("Services:Other", "dapr:other", "http://host:port, several of them between commas, or dns:///host:port")]
    [InlineData("Services:App", "dapr:", "http://host:port or dapr:app-id, several of them between commas, or dns:///host:port")]
    [InlineData("Services:App", "dapr:one,dapr:two words", "http://host:port or dapr:app-id, several of them between commas, or dns:///host:port")]
    public void Complaints_OfAValueThatIsNone_SaysWhatItMustBe(string key, string value, string demand) =>
        Assert.Equal([$"{key} must be {demand}, not \"{value}\""], Complaints((key, value)));

    [Theory]
    [InlineData("LogLevel", "debug")]
    [InlineData("Own:Count", "9")]
    [InlineData("Own:Any", "-9")]
    [InlineData("Own:Wait", "1h30m")]
    [InlineData("Own:Wait", "")]
    [InlineData("Own:Flag", "True")]
    [InlineData("Own:Share", "0.5")]
    [InlineData("Own:Listen", "https://*:8080")]
    [InlineData("Own:Clients", "http://localhost:1, unix:///run/x.sock,https://[::1]:2")]
    [InlineData("Services:Other", "dns:///other:8080")]
    [InlineData("Services:Other", "http://a:1,http://b:1")]
    [InlineData("Services:App", "dapr:one, dapr:two-2,http://three:3")]
    [InlineData("Services:App", "dns:///other:8080")]
    [InlineData("own:COUNT", "3")]
    [InlineData("Foreign:Key", "of another section")]
    public void Complaints_OfWhatIsWell_AreNone(string key, string value) => Assert.Empty(Complaints((key, value)));

    [Fact]
    public void Complaints_OfSeveralMistakes_NameEach() => Assert.Equal(
        [
            "Own:Folder is not set (where)", "Own:Count must be a whole number from 1 to 9, not \"0\"", "Own:Wait must be a duration such as 1h30m or 1.5s, not \"1\"",
            "Own:Cuont is no setting: did you mean Own:Count?", "Own:Nothing:Like:It is no setting",
        ],
        SettingsCheck.Complaints(
            Configuration(("Own:Cuont", "1"), ("Own:Count", "0"), ("Own:Wait", "1"), ("Own:Nothing:Like:It", "1")), s_settings));

    [Fact]
    public void Complaints_OfASecret_DoNotShowIt() => Assert.Equal(["Own:Secret must be a whole number of at least 0"], Complaints(("Own:Secret", "hunter2")));

    public static TheoryData<string, IReadOnlyList<Setting>> Services => new()
    {
        { "consensus", ConsensusSettings.All }, { "storage", StorageSettings.All }, { "watch-hub", WatchHubSettings.All }, { "lease-manager", LeaseManagerSettings.All },
        { "api-gateway", GatewaySettings.All },
    };

    [Theory]
    [MemberData(nameof(Services))]
    public void Defaults_AsTheyAreDocumented_AreAccepted(string service, IReadOnlyList<Setting> settings)
    {
        var given = settings.ToDictionary(static setting => setting.Key, static setting => (string?)(setting.IsRequired ? "http://required" : setting.Default));
        Assert.Equal(settings.Count, given.Count);
        Assert.Empty(SettingsCheck.Complaints(new ConfigurationBuilder().AddInMemoryCollection(given).Build(), settings));
        Assert.NotEmpty(service);
    }

    [Fact]
    public void Defaults_GivenAsTheyAreDocumented_ChangeNothing()
    {
        Same(ConsensusSettings.Own, static configuration => configuration.ReadConsensusOptions(), ("Consensus:DataDir", "x"));
        Same(StorageSettings.Own, static configuration => StorageConfiguration.Read(configuration));
        Same(GatewaySettings.Own, GatewayConfiguration.Read);
        Same(WatchHubSettings.Own, static configuration => Registered<WatchHubOptions>(services => services.AddWatchHub(configuration)).Limits);
        Same(LeaseManagerSettings.Own, static configuration => Registered<LeaseManagerOptions>(services => services.AddLeaseManager(configuration)));

        static void Same(IReadOnlyList<Setting> settings, Func<IConfiguration, object> read, params (string, string)[] required)
        {
            var documented = settings.Where(static setting => setting.Default.Length > 0).Select(static setting => (setting.Key, setting.Default)).ToArray();
            Assert.Equal(Describe(read(Configuration(required))), Describe(read(Configuration([.. required, .. documented]))));
        }
    }

    private static T Registered<T>(Action<IServiceCollection> add)
        where T : class
    {
        var services = new ServiceCollection();
        add(services);
        return (T)services.Single(static service => service.ServiceType == typeof(T)).ImplementationInstance!;
    }

    private static IEnumerable<string> Describe(object options) => options.GetType().GetProperties()
        .Where(static property => property.GetIndexParameters().Length == 0 && !typeof(Delegate).IsAssignableFrom(property.PropertyType))
        .Select(property => $"{property.Name} = {(property.GetValue(options) is IEnumerable<string> list ? string.Join(',', list) : property.GetValue(options))}");
}
