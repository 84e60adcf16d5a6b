package main

// promise is something that the program keeps whoever wishes otherwise.
type promise struct {
	against string   // who may be hostile: one of the foes
	says    string   // in words
	tests   []string // "internal/proxy.TestX": each must pass
}

// foes are those who may be hostile, in the pages' order, with what they can do
// in short.
var foes = []struct{ name, can string }{
	{"a web page", "makes your browser send requests to your machine"},
	{"other users and the network", "reach the port, guess keys, lay traps in folders"},
	{"a client", "sends any bytes, with a client key or where none is wanted"},
	{"a provider", "answers with any bytes, and echoes keys"},
	{"a client's file", "holds anything, changes meanwhile, is a link"},
	{"accidents", "put a key where it does not belong"},
}

var promises = []promise{
	{"a web page", "no other site gets in, with a rebound name or without, whatever it calls its body", []string{
		"internal/proxy.TestOnlyLoopbackAndAllowedHostsAreAnswered", "internal/proxy.TestPagesInABrowserAreRefused",
		"internal/proxy.TestNoPageGetsInWhateverItCallsItsBody", "internal/e2e.TestNoWebPageGetsIn", "internal/proxy.TestAResetEndsCooldownsAndNoPageMayAskForIt",
	}},
	{"a web page", "what a provider sends never runs as a page of this origin, and gives no page leave", []string{
		"internal/proxy.TestAForwardedAnswerIsNoPageOfThisOrigin", "internal/proxy.TestNoWordOfAProviderBecomesAHeaderOrASecondAnswer",
	}},
	{"a web page", "the page under /_ui/ asks for a key and puts it in no address", []string{
		"internal/e2e.TestThePageAsksForAKeyAndPutsItInNoAddress", "internal/proxy.TestThePageIsThereForAllAndItsFiguresForThoseWithAKey",
	}},

	{"other users and the network", "nothing listens beyond this machine without leave and client keys", []string{
		"internal/config.TestListeningBeyondThisMachineNeedsLeaveAndKeys",
	}},
	{"other users and the network", "where client keys are wanted nothing but a key opens; control wants a token of its own", []string{
		"internal/proxy.TestAClientKeyIsWantedWhereItIsRequired", "internal/proxy.TestTheControlTokenOpensControlAndNothingElseDoes", "internal/store.TestOnlyActiveKeysAreKnown",
	}},
	{"other users and the network", "how long a refusal takes says nothing of a key", []string{
		"internal/house.TestKeysAreComparedInConstantTime",
	}},
	{"other users and the network", "files are for their user alone, and a client's key is kept as a hash", []string{
		"internal/store.TestANewStoreIsForTheUserAlone", "internal/store.TestAnOldFilesModeIsTightened", "internal/store.TestAClientKeyIsRandomAndNowhereInClear",
	}},
	{"other users and the network", "a link in the folder of bodies leads nothing out of it and writes through nothing", []string{
		"internal/store.TestALinkOutOfTheFolderIsNotFollowed", "internal/store.TestALinkInTheTemporarysPlaceIsNotWrittenThrough", "internal/store.TestNamesStayInTheirFolderAndCanBeReadBack",
		"internal/store.TestNobodyElsesFileIsTouched",
	}},
	{"other users and the network", "keys travel by TLS alone, to the host that they were stored for", []string{
		"internal/proxy/upstream.TestAddressesThatAreNotUsed", "internal/e2e.TestACertificateNobodyKnowsIsRefusedAndSaidSo",
		"internal/config.TestKeychainKeyGoesToNoAddressOfAnotherHost", "internal/config.TestKeychainKeyIsBoundToTheHostItWasStoredFor", "internal/proxy.TestAKeyNeverGoesToTheAddressOfOlderSettings",
	}},

	{"a client", "one request stays one request: nothing is smuggled behind it", []string{"internal/proxy.TestWhatReachesAProviderIsOneRequest"}},
	{"a client", "no word of a client becomes a header, and none of its credentials reaches a provider", []string{
		"internal/proxy.TestNoWordOfAClientBecomesAHeader", "internal/proxy.TestNoCredentialOfAClientReachesAProvider", "internal/proxy.FuzzNoClientKeyIsInTheQuery",
	}},
	{"a client", "no path leads to another host or out of the base URL", []string{
		"internal/proxy.TestAPathThatLeavesTheBaseURLIsNotForwarded", "internal/proxy.FuzzNoPathLeavesTheBaseURL", "internal/proxy/upstream.FuzzARequestStaysAtItsHost",
	}},
	{"a client", "JSON without end, in depth or size, is refused", []string{
		"internal/proxy.TestJSONThatNestsWithoutEndIsRefusedAndTheServerLives", "internal/proxy.TestABodyOverTheLimitIsRefusedAlsoWithoutContentLength",
		"internal/house.TestForeignBytesGoToNoParserWithoutABound", "internal/proxy/tokens.TestCountRequestBearsTheLargestBody",
	}},
	{"a client", "no pattern and no text makes matching or counting blow up", []string{
		"internal/config.TestNoPatternBlowsUp", "internal/proxy/tokens.TestTheTokenizerIsNeverGivenEndlessSpace", "internal/proxy/tokens.TestCountBearsAnyBytes",
	}},
	{"a client", "what is remembered of clients' words is bounded", []string{
		"internal/proxy.TestAModelsNameIsBounded", "internal/proxy/roster.TestWhatIsGoneIsBoundedWhateverClientsAskFor",
		"internal/proxy/tokens.TestEstimatorKeepsABoundedNumberOfModels", "internal/proxy/keypool.TestSessionsAreForgottenOldestFirst",
		"internal/proxy.TestNoMoreThanMaxWorkersRunAndTheQueueIsBounded",
	}},
	{"a client", "no word of a client is a line of the log or steers a terminal", []string{
		"internal/proxy.TestNoWordOfAClientIsALineOfTheLog", "cmd/glmtray.TestWhatAClientSentCannotSteerTheTerminal",
	}},

	{"a provider", "no word of a provider becomes a header, a second answer or a cookie", []string{
		"internal/proxy.TestNoWordOfAProviderBecomesAHeaderOrASecondAnswer", "internal/proxy.TestHeadersOfAProviderArePassedOnButForThoseOfTheConnection",
	}},
	{"a provider", "no redirect is followed with a key", []string{"internal/proxy/upstream.TestARedirectIsNotFollowed"}},
	{"a provider", "bombs of compression, depth and size are no answers, and a stream without end is ended", []string{
		"internal/proxy/upstream.TestADecompressionBombIsNoAnswer", "internal/proxy.TestAProvidersBombIsNoAnswerAndTheServerLives", "internal/proxy.TestAnAnswerThatNeverEndsIsEnded",
		"internal/proxy/dialect.TestAReadingIsBounded", "internal/proxy/dialect.TestArgumentsThatNestTooDeepAreText",
	}},
	{"a provider", "a key that is echoed comes neither back nor into a log", []string{
		"internal/proxy/upstream.TestAKeyThatIsEchoedInTheHeaderDoesNotComeBack", "internal/proxy/upstream.TestAKeyIsNotCutInTwo",
		"internal/proxy/upstream.TestWordsAreScrubbedBeforeTheyAreCut", "internal/proxy.TestErrorsOfAProviderReachTheClientWithoutKeys",
		"internal/proxy.TestAnErrorEventInMidStreamReachesTheClientWithoutKeys", "internal/e2e.TestAKeyThatComesUnaskedIsNotLogged",
	}},

	{"a client's file", "it is changed value by value, put back to the byte, and never half written", []string{
		"internal/connect.TestConnectingAndDisconnectingLeavesNoTrace", "internal/connect.TestRandomDocumentsComeBackAsTheyWere", "internal/connect.TestACrashBetweenLedgerAndFileIsUndone",
	}},
	{"a client's file", "links are followed on purpose; mode and owner stay; what is read-only or somebody else's is left", []string{
		"internal/connect.TestLinksAreFollowedAndModesStay", "internal/connect.TestTheOwnerStays", "internal/connect.TestAReadOnlyFileIsLeftAlone",
	}},
	{"a client's file", "what somebody writes meanwhile is not lost", []string{"internal/connect.TestWhatSomebodyWritesMeanwhileIsNotLost"}},
	{"a client's file", "a file that cannot be read, or nests without end, is refused", []string{
		"internal/connect.TestFilesThatCannotBeEditedAreRefused", "internal/connect.TestAFileThatNestsWithoutEndIsRefused",
	}},
	{"a client's file", "its key stands in it alone, and in no diff", []string{
		"internal/connect.TestTheKeyStandsInTheClientsFileAlone", "internal/connect.TestADiffShowsNoKeys",
	}},

	{"accidents", "whatever fails, no key is in the database, a body file, a log, an event, a metric, a page or an answer", []string{
		"internal/e2e.TestNoKeyIsEverShownWhateverFailsAndWhoeverEchoesIt", "internal/e2e.TestNoKeyIsShownWhenNothingCanBeKept", "internal/e2e.TestTheSearchForKeysFindsThemInEveryForm",
		"internal/store.TestNoKeyStandsInABodyFileOrItsName", "internal/store.TestKeysAreTakenOutOfRecordsAndLongTextsAreCut",
	}},
	{"accidents", "a key cannot print itself, and is revealed in two packages only", []string{
		"internal/secret.TestAValueNeverPrintsItself", "internal/secret.TestForeignTextIsScrubbed", "internal/house.TestAKeyIsRevealedInTwoPackagesOnly", "internal/config.TestNothingThatIsPrintedHoldsAKey",
	}},
	{"accidents", "a crash leaves no key behind, and on Linux no other program looks into one without a window", []string{"internal/e2e.TestACrashLeavesNoKeyBehind"}},
	{"accidents", "every module that is linked has a licence that allows it", []string{"internal/house.TestEveryModulesLicenceAllowsItsUse"}},
}
