using Bench;
using Bench.Checks;
using Bench.Commands;

try
{
    // `bench` and `bench --quick` compare.
    var isNamed = args.Length > 0 && !args[0].StartsWith('-');
    var command = isNamed ? args[0] : "compare";
    if (args.Contains("--help"))
        command = "help";
    var arguments = new Arguments(command == "help" ? [] : args.Skip(isNamed ? 1 : 0));
    switch (command)
    {
        case "compare":
            return CompareCommand.Run(arguments);
        case "load":
            return LoadCommand.Run(arguments);
        case "wal":
            return WalCommand.Run(arguments);
        case "storage":
            return await StorageCommand.RunAsync(arguments);
        case "failover":
            return FailoverCommand.Run(arguments);
        case "watch":
            return WatchCommand.Run(arguments);
        case "compaction":
            return CompactionCommand.Run(arguments);
        case "leases":
            return LeasesCommand.Run(arguments);
        case "tracing":
            return TracingCommand.Run(arguments);
        case "large":
            return LargeCommand.Run(arguments);
        case "self-check":
            return SelfCheck.Run();
        case "help":
            Console.WriteLine(Help.Text);
            return 0;
        default:
            Console.Error.WriteLine($"bench: unknown command '{command}'\n{Help.Text}");
            return 2;
    }
}
catch (Exception e) when (e is BenchException or Bench.Http2.Http2Exception or System.Net.Sockets.SocketException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}
