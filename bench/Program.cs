using Bench;
using Bench.Commands;

const string Usage = """
    usage: bench [compare|load|self-check] [options]

    load        one load against a running endpoint
    """;

try
{
    var arguments = new Arguments(args.Skip(1));
    switch (args.FirstOrDefault())
    {
        case "load":
            return LoadCommand.Run(arguments);
        default:
            Console.WriteLine(Usage);
            return 2;
    }
}
catch (BenchException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}
