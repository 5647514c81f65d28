using System.Globalization;
using Iscsitop.Bench.Scale;

// How the viewer and the engine bear very many cells. All that is measured is CPU time of the one thread that does it.
//
//   iscsitop-scale stages [CONNECTIONS [LUNS [OPERATIONS [INTERVALS]]]]      each stage from the engine's table to the screen
//   iscsitop-scale history [CONNECTIONS [LUNS [OPERATIONS [SNAPSHOTS]]]]    what the screen's hour takes, a snapshot a second
//   iscsitop-scale serve [COMMANDS-PER-SECOND [CONNECTIONS [LUNS [0|1 [SECONDS [COMINGS]]]]]]  an engine to look at with iscsitop, until Ctrl-C;
//                                                                           with 0 nothing has a place, so that there are no patterns;
//                                                                           after so many seconds there are no more commands; so many
//                                                                           initiators a second go, and new ones come
//   iscsitop-scale receiver PORT [503]                                      takes connections and says nothing, or 503 to each request
int[] numbers = [.. args.Skip(1).Select(a => int.Parse(a, NumberStyles.None, CultureInfo.InvariantCulture))];
int Number(int i, int otherwise) => i < numbers.Length ? numbers[i] : otherwise;
switch (args is [var what, ..] ? what : "stages")
{
    case "stages": Stages.Run(Number(0, 50), Number(1, 200), Number(2, 8), Number(3, 20)); return 0;
    case "history": Stages.History(Number(0, 50), Number(1, 200), Number(2, 8), Number(3, 3600)); return 0;
    case "serve": Server.Run(Number(0, 200_000), Number(1, 50), Number(2, 200), Number(3, 1) != 0, Number(4, int.MaxValue), Number(5, 0)); return 0;
    case "receiver": Receiver.Run(Number(0, 4318), Number(1, 0) == 503); return 0;
    default:
        Console.Error.WriteLine("iscsitop-scale: see the head of bench/scale/Program.cs");
        return 2;
}
