package server

// pageTexts are the texts of the page of preferences in one language.
type pageTexts struct {
	Title, Intro, SavedText       string
	Kinds                         string // heads the list of categories
	OnState, OffState             string // of a category
	AlwaysState                   string // of one that cannot be turned off
	TurnOff, TurnOn               string // buttons; the name of the category follows, for those who cannot see it
	All                           string // heads the choice about everything
	AllOnText, AllOffText         string
	TurnAllOff, TurnAllOn         string
	Invalid, Expired, Again, Done briefPage
}

// briefPage is a page of a few words.
type briefPage struct{ Title, Text string }

// languages are the texts of the page, by language.
var languages = map[string]*pageTexts{
	"en": {
		Title: "Your messages", Intro: "Choose which messages you would like to get. A change takes effect at once.", SavedText: "Your choice is saved.",
		Kinds: "Kinds of messages", OnState: "on", OffState: "off", AlwaysState: "always on", TurnOff: "Turn off", TurnOn: "Turn on",
		All: "All messages", AllOnText: "You can turn off everything that can be turned off.", AllOffText: "You have turned off all messages that can be turned off.",
		TurnAllOff: "Turn off all messages", TurnAllOn: "Turn on all messages",
		Invalid: briefPage{"This link does not work", "Please open the link from the message again. Make sure that it is complete."},
		Expired: briefPage{"This link has expired", "Please use the link in a newer message."},
		Again:   briefPage{"That did not work", "Nothing was changed. Please go back and try again in a moment."},
		Done:    briefPage{"You are unsubscribed", "You will not get these messages any more."},
	},
	"de": {
		Title: "Ihre Nachrichten", Intro: "Wählen Sie, welche Nachrichten Sie bekommen möchten. Eine Änderung gilt sofort.", SavedText: "Ihre Auswahl ist gespeichert.",
		Kinds: "Arten von Nachrichten", OnState: "an", OffState: "aus", AlwaysState: "immer an", TurnOff: "Ausschalten", TurnOn: "Einschalten",
		All: "Alle Nachrichten", AllOnText: "Sie können alles ausschalten, was sich ausschalten lässt.", AllOffText: "Sie haben alle Nachrichten ausgeschaltet, die sich ausschalten lassen.",
		TurnAllOff: "Alle Nachrichten ausschalten", TurnAllOn: "Alle Nachrichten einschalten",
		Invalid: briefPage{"Dieser Link funktioniert nicht", "Bitte öffnen Sie den Link aus der Nachricht noch einmal. Achten Sie darauf, dass er vollständig ist."},
		Expired: briefPage{"Dieser Link ist abgelaufen", "Bitte benutzen Sie den Link in einer neueren Nachricht."},
		Again:   briefPage{"Das hat nicht geklappt", "Es wurde nichts geändert. Bitte gehen Sie zurück und versuchen Sie es gleich noch einmal."},
		Done:    briefPage{"Sie sind abgemeldet", "Sie bekommen diese Nachrichten nicht mehr."},
	},
	"fr": {
		Title: "Vos messages", Intro: "Choisissez les messages que vous souhaitez recevoir. Chaque changement prend effet immédiatement.", SavedText: "Votre choix est enregistré.",
		Kinds: "Types de messages", OnState: "activé", OffState: "désactivé", AlwaysState: "toujours activé", TurnOff: "Désactiver", TurnOn: "Activer",
		All: "Tous les messages", AllOnText: "Vous pouvez désactiver tout ce qui peut l’être.", AllOffText: "Vous avez désactivé tous les messages qui peuvent l’être.",
		TurnAllOff: "Désactiver tous les messages", TurnAllOn: "Activer tous les messages",
		Invalid: briefPage{"Ce lien ne fonctionne pas", "Veuillez ouvrir à nouveau le lien du message et vérifier qu’il est complet."},
		Expired: briefPage{"Ce lien a expiré", "Veuillez utiliser le lien d’un message plus récent."},
		Again:   briefPage{"L’opération a échoué", "Rien n’a été modifié. Veuillez revenir en arrière et réessayer dans un instant."},
		Done:    briefPage{"Désabonnement effectué", "Vous ne recevrez plus ces messages."},
	},
	"es": {
		Title: "Sus mensajes", Intro: "Elija qué mensajes desea recibir. Cada cambio se aplica de inmediato.", SavedText: "Su elección se ha guardado.",
		Kinds: "Tipos de mensajes", OnState: "activado", OffState: "desactivado", AlwaysState: "siempre activado", TurnOff: "Desactivar", TurnOn: "Activar",
		All: "Todos los mensajes", AllOnText: "Puede desactivar todo lo que se puede desactivar.", AllOffText: "Ha desactivado todos los mensajes que se pueden desactivar.",
		TurnAllOff: "Desactivar todos los mensajes", TurnAllOn: "Activar todos los mensajes",
		Invalid: briefPage{"Este enlace no funciona", "Abra de nuevo el enlace del mensaje y compruebe que está completo."},
		Expired: briefPage{"Este enlace ha caducado", "Use el enlace de un mensaje más reciente."},
		Again:   briefPage{"No ha funcionado", "No se ha cambiado nada. Vuelva atrás e inténtelo de nuevo en un momento."},
		Done:    briefPage{"Se ha dado de baja", "Ya no recibirá estos mensajes."},
	},
	"it": {
		Title: "I Suoi messaggi", Intro: "Scelga quali messaggi desidera ricevere. Ogni modifica ha effetto immediato.", SavedText: "La Sua scelta è stata salvata.",
		Kinds: "Tipi di messaggi", OnState: "attivo", OffState: "disattivato", AlwaysState: "sempre attivo", TurnOff: "Disattiva", TurnOn: "Attiva",
		All: "Tutti i messaggi", AllOnText: "Può disattivare tutto ciò che è disattivabile.", AllOffText: "Ha disattivato tutti i messaggi disattivabili.",
		TurnAllOff: "Disattiva tutti i messaggi", TurnAllOn: "Attiva tutti i messaggi",
		Invalid: briefPage{"Questo link non funziona", "Apra di nuovo il link del messaggio e controlli che sia completo."},
		Expired: briefPage{"Questo link è scaduto", "Usi il link di un messaggio più recente."},
		Again:   briefPage{"Qualcosa non ha funzionato", "Non è stato modificato nulla. Torni indietro e riprovi tra poco."},
		Done:    briefPage{"Iscrizione annullata", "Non riceverà più questi messaggi."},
	},
	"nl": {
		Title: "Uw berichten", Intro: "Kies welke berichten u wilt ontvangen. Een wijziging geldt meteen.", SavedText: "Uw keuze is opgeslagen.",
		Kinds: "Soorten berichten", OnState: "aan", OffState: "uit", AlwaysState: "altijd aan", TurnOff: "Uitzetten", TurnOn: "Aanzetten",
		All: "Alle berichten", AllOnText: "U kunt alles uitzetten wat uitgezet kan worden.", AllOffText: "U hebt alle berichten uitgezet die uitgezet kunnen worden.",
		TurnAllOff: "Alle berichten uitzetten", TurnAllOn: "Alle berichten aanzetten",
		Invalid: briefPage{"Deze link werkt niet", "Open de link uit het bericht opnieuw en controleer of hij volledig is."},
		Expired: briefPage{"Deze link is verlopen", "Gebruik de link in een nieuwer bericht."},
		Again:   briefPage{"Dat is niet gelukt", "Er is niets gewijzigd. Ga terug en probeer het zo meteen opnieuw."},
		Done:    briefPage{"U bent afgemeld", "U ontvangt deze berichten niet meer."},
	},
	"pt": {
		Title: "As suas mensagens", Intro: "Escolha que mensagens deseja receber. Cada alteração tem efeito imediato.", SavedText: "A sua escolha foi guardada.",
		Kinds: "Tipos de mensagens", OnState: "ativado", OffState: "desativado", AlwaysState: "sempre ativado", TurnOff: "Desativar", TurnOn: "Ativar",
		All: "Todas as mensagens", AllOnText: "Pode desativar tudo o que é possível desativar.", AllOffText: "Desativou todas as mensagens que é possível desativar.",
		TurnAllOff: "Desativar todas as mensagens", TurnAllOn: "Ativar todas as mensagens",
		Invalid: briefPage{"Esta ligação não funciona", "Abra de novo a ligação da mensagem e verifique se está completa."},
		Expired: briefPage{"Esta ligação expirou", "Use a ligação de uma mensagem mais recente."},
		Again:   briefPage{"Não funcionou", "Nada foi alterado. Volte atrás e tente de novo dentro de momentos."},
		Done:    briefPage{"A subscrição foi cancelada", "Já não receberá estas mensagens."},
	},
}
